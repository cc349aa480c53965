public import JSONTree
import Sessions
import Synchronization

/// A stream that the peer asks for. Accept or refuse it; dropping it refuses it.
public final class IncomingStream: Sendable {
    public let id: UInt32
    /// What it is for, such as `logs`. Refuse a kind that you do not know.
    public let kind: String
    /// An object; what is in it depends on the kind.
    public let parameters: JSON
    private let connection: PeerConnectionCore
    private let isDecided = Mutex(false)

    init(_ request: StreamRequest, connection: PeerConnectionCore) {
        id = request.id
        kind = request.kind
        parameters = request.parameters
        self.connection = connection
    }

    deinit { refuse(code: "NotSupported", message: "streams of the kind “\(kind)” are not served here") }

    private func decide() -> Bool {
        isDecided.withLock { isDecided in
            defer { isDecided = true }
            return !isDecided
        }
    }

    /// Opens the stream. To be called once, and not after ``refuse(code:message:)``.
    public func accept() -> PeerStream {
        let pipe = StreamPipe()
        if decide() {
            connection.acceptStream(id, pipe)
        } else {
            pipe.failed(StreamError(.closed, "the stream was accepted or refused before"))
        }
        return PeerStream(id: id, kind: kind, pipe: pipe, connection: connection)
    }

    /// - Parameters:
    ///   - code: one word for programs, such as `NotFound`. Cut where it is too long for a message, as `message` is.
    ///   - message: a sentence for an operator.
    public func refuse(code: String, message: String) {
        guard decide() else { return }
        connection.refuseStream(id, code: StreamWords.cut(code, to: 32), message: StreamWords.cut(message))
    }
}
