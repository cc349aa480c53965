import NIOCore
import NIOWebSocket

/// One WebSocket after its handshake: hands messages to who asks for them, and holds back the client meanwhile.
///
/// Bound to its event loop. Fragments have been joined, and limits enforced, by the handlers before it.
final class WebSocketHandler: ChannelDuplexHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundIn = Never
    typealias OutboundOut = WebSocketFrame
    typealias Continuation = CheckedContinuation<ByteBuffer?, any Error>

    /// Bytes of messages not yet taken above which nothing more is read from the socket.
    private static let maxWaitingBytes = 256 << 10
    /// How long the client may take to answer a close; then the connection is cut.
    private static let closeTimeout = TimeAmount.seconds(2)

    private var context: ChannelHandlerContext?
    private var messages = CircularBuffer<ByteBuffer>()
    private var waitingBytes = 0
    private var receiver: (ticket: HTTPWriteTicket, continuation: Continuation)?
    private var senders: [(ticket: HTTPWriteTicket, continuation: Continuation)] = []
    private var readIsPending = false
    private var isClosing = false
    private var hasEnded = false
    private var failure: HTTPTransportError?

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        end(nil)
        self.context = nil
    }

    // MARK: Input

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = Self.unwrapInboundIn(data)
        switch frame.opcode {
        case .binary, .text:
            guard !hasEnded else { return }
            let message = frame.unmaskedData
            if let receiver {
                self.receiver = nil
                receiver.continuation.resume(returning: message)
            } else {
                messages.append(message)
                // Empty messages take memory too.
                waitingBytes += message.readableBytes + 64
            }
        case .ping:
            // A client that floods pings and does not read gets no answers.
            guard context.channel.isWritable, !isClosing else { return }
            write(.pong, frame.unmaskedData)
        case .connectionClose:
            end(nil)
            guard !isClosing else { return context.close(promise: nil) }
            isClosing = true
            var data = frame.unmaskedData
            write(.connectionClose, data.readSlice(length: min(2, data.readableBytes)) ?? ByteBuffer())
            context.close(promise: nil)
        default:
            break
        }
    }

    func read(context: ChannelHandlerContext) {
        // While it closes, only the client's own close is of interest.
        if isClosing || waitingBytes <= Self.maxWaitingBytes { context.read() } else { readIsPending = true }
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(nil)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let isTooLarge =
            switch error {
            case NIOWebSocketError.invalidFrameLength: true
            case let error as NIOWebSocketFrameAggregator.Error: error == .accumulatedFrameSizeIsTooLarge
            default: false
            }
        end(
            isTooLarge
                ? HTTPTransportError(.bodyTooLarge, "The client's message is larger than the limit.")
                : HTTPTransportError(.protocolViolation, "The WebSocket failed: \(error)", cause: error))
        close(isTooLarge ? .messageTooLarge : .protocolError)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { close(.goingAway) }
        context.fireUserInboundEventTriggered(event)
    }

    // MARK: What the connection asks for

    func receive(_ ticket: HTTPWriteTicket, _ continuation: Continuation) {
        if ticket.isAbandoned { return continuation.resume(throwing: CancellationError()) }
        if let message = messages.popFirst() {
            waitingBytes -= message.readableBytes + 64
            continuation.resume(returning: message)
            if readIsPending, waitingBytes <= Self.maxWaitingBytes {
                readIsPending = false
                context?.read()
            }
        } else if let failure {
            continuation.resume(throwing: failure)
        } else if hasEnded {
            continuation.resume(returning: nil)
        } else {
            precondition(receiver == nil, "two tasks receive from one WebSocket")
            receiver = (ticket, continuation)
        }
    }

    func send(_ message: ByteBuffer, _ ticket: HTTPWriteTicket, _ continuation: Continuation) {
        guard let context, !hasEnded, !isClosing else {
            return continuation.resume(
                throwing: failure ?? HTTPTransportError(.connectionClosed, "The client has closed the connection."))
        }
        write(.binary, message)
        if context.channel.isWritable { return continuation.resume(returning: nil) }
        if ticket.isAbandoned { return continuation.resume(throwing: CancellationError()) }
        senders.append((ticket, continuation))
    }

    func abandon(_ ticket: HTTPWriteTicket) {
        if let receiver, receiver.ticket === ticket {
            self.receiver = nil
            receiver.continuation.resume(throwing: CancellationError())
        }
        if let index = senders.firstIndex(where: { $0.ticket === ticket }) {
            senders.remove(at: index).continuation.resume(throwing: CancellationError())
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            let resumed = senders
            senders.removeAll()
            for sender in resumed { sender.continuation.resume(returning: nil) }
        }
        context.fireChannelWritabilityChanged()
    }

    /// Says goodbye and waits a moment for the client's own.
    func close(_ code: WebSocketErrorCode) {
        guard let context, !isClosing else { return }
        isClosing = true
        messages.removeAll()
        waitingBytes = 0
        end(nil)
        var data = context.channel.allocator.buffer(capacity: 2)
        data.write(webSocketErrorCode: code)
        write(.connectionClose, data)
        let channel = context.channel
        context.eventLoop.scheduleTask(in: Self.closeTimeout) { channel.close(promise: nil) }
        if readIsPending {
            readIsPending = false
            context.read()
        }
    }

    // MARK: -

    private func write(_ opcode: WebSocketOpcode, _ data: ByteBuffer) {
        context?.writeAndFlush(
            Self.wrapOutboundOut(WebSocketFrame(fin: true, opcode: opcode, data: data)), promise: nil)
    }

    /// Nothing more comes, and nothing more can be sent.
    private func end(_ error: HTTPTransportError?) {
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
        for sender in resumed {
            sender.continuation.resume(
                throwing: error ?? HTTPTransportError(.connectionClosed, "The client has closed the connection."))
        }
    }
}
