import NIOCore

/// What came on a connection that speaks another protocol than HTTP and nobody has taken yet, and the tasks that wait for more
/// or for room. A value of the connection's handler: it knows no socket.
struct ConversationQueue {
    typealias Continuation = CheckedContinuation<ByteBuffer?, any Error>

    /// Bytes of messages not yet taken above which nothing more is to be read from the socket.
    private static let maxWaitingBytes = 256 << 10
    /// What a message costs beside its bytes: empty ones take memory too.
    private static let overhead = 64

    private var messages = CircularBuffer<ByteBuffer>()
    private var waitingBytes = 0
    private var receiver: (ticket: HTTPWriteTicket, continuation: Continuation)?
    private var senders: [(ticket: HTTPWriteTicket, continuation: Continuation)] = []
    private var failure: HTTPTransportError?
    /// Whether nothing more comes, and nothing more can be sent.
    private(set) var hasEnded = false

    var isFull: Bool { waitingBytes > Self.maxWaitingBytes }

    /// A message has come.
    mutating func deliver(_ message: ByteBuffer) {
        guard !hasEnded else { return }
        if let receiver {
            self.receiver = nil
            receiver.continuation.resume(returning: message)
        } else {
            messages.append(message)
            waitingBytes += message.readableBytes + Self.overhead
        }
    }

    /// A task asks for the next message.
    mutating func receive(_ ticket: HTTPWriteTicket, _ continuation: Continuation) {
        if ticket.isAbandoned { return continuation.resume(throwing: CancellationError()) }
        if let message = messages.popFirst() {
            waitingBytes -= message.readableBytes + Self.overhead
            continuation.resume(returning: message)
        } else if let failure {
            continuation.resume(throwing: failure)
        } else if hasEnded {
            continuation.resume(returning: nil)
        } else {
            precondition(receiver == nil, "two tasks receive from one connection")
            receiver = (ticket, continuation)
        }
    }

    /// A task has sent something, and waits until it may send more.
    mutating func waitForRoom(_ ticket: HTTPWriteTicket, _ continuation: Continuation) {
        if ticket.isAbandoned { return continuation.resume(throwing: CancellationError()) }
        senders.append((ticket, continuation))
    }

    /// The peer has room again.
    mutating func hasRoom() {
        let resumed = senders
        senders.removeAll()
        for sender in resumed { sender.continuation.resume(returning: nil) }
    }

    /// A task that waits is cancelled.
    mutating func abandon(_ ticket: HTTPWriteTicket) {
        if let receiver, receiver.ticket === ticket {
            self.receiver = nil
            receiver.continuation.resume(throwing: CancellationError())
        }
        if let index = senders.firstIndex(where: { $0.ticket === ticket }) {
            senders.remove(at: index).continuation.resume(throwing: CancellationError())
        }
    }

    /// Drops what nobody will take any more.
    mutating func dropMessages() {
        messages.removeAll()
        waitingBytes = 0
    }

    /// Nothing more comes, and nothing more can be sent; what has come can still be taken.
    mutating func end(_ error: HTTPTransportError?) {
        guard !hasEnded else { return }
        hasEnded = true
        failure = error
        if let receiver {
            self.receiver = nil
            if let error {
                receiver.continuation.resume(throwing: error)
            } else {
                receiver.continuation.resume(returning: nil)
            }
        }
        let resumed = senders
        senders.removeAll()
        for sender in resumed { sender.continuation.resume(throwing: closedError) }
    }

    /// Why nothing can be sent any more.
    var closedError: HTTPTransportError {
        failure ?? HTTPTransportError(.connectionClosed, "The peer has closed the connection.")
    }
}
