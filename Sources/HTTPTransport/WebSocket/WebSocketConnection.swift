public import NIOCore

/// An open WebSocket, either side: whole messages in, binary messages out.
///
/// Pings, pongs and the closing handshake are done below.
public struct WebSocketConnection: Sendable {
    /// The subprotocol that was agreed; nil where none was asked for.
    public let subprotocol: String?

    private let conversation: Conversation<WebSocketHandler>

    /// Must be called on the event loop.
    init(_ handler: WebSocketHandler, subprotocol: String?, eventLoop: any EventLoop) {
        conversation = Conversation(handler, eventLoop: eventLoop)
        self.subprotocol = subprotocol
    }

    /// The next message, text or binary, as bytes. One task at a time may wait.
    ///
    /// What the peer sends is read from the socket only as messages are taken, so a peer that sends too fast waits.
    ///
    /// - Returns: nil when the peer has closed the connection or gone.
    /// - Throws: ``HTTPTransportError`` with `protocolViolation` and `bodyTooLarge`; `CancellationError`.
    public func receive() async throws -> ByteBuffer? { try await conversation.receive() }

    /// Sends a binary message at once, and returns when the peer has room for more.
    ///
    /// Any number of tasks may send; messages go out whole, in the order of the calls.
    ///
    /// - Throws: ``HTTPTransportError`` with `connectionClosed`; `CancellationError` while it waits for room.
    public func send(_ message: ByteBuffer) async throws { try await conversation.send(message) }

    /// Says goodbye, and waits a moment for the peer's own. Idempotent.
    public func close() { conversation.finish(isFailure: false) }

    func finish(isFailure: Bool) { conversation.finish(isFailure: isFailure) }
}
