public import NIOCore

/// A connection that has left HTTP for another protocol: bytes in, bytes out, as the network delivers them.
public struct ByteConnection: Sendable {
    private let conversation: Conversation<ByteConnectionHandler>

    /// Must be called on the event loop.
    init(_ handler: ByteConnectionHandler, eventLoop: any EventLoop) {
        conversation = Conversation(handler, eventLoop: eventLoop)
    }

    /// The next bytes. One task at a time may wait.
    ///
    /// They are read from the socket only as they are taken, so a peer that sends too fast waits.
    ///
    /// - Returns: nil when the peer has closed the connection or gone.
    /// - Throws: ``HTTPTransportError`` with `connectionClosed` where it broke; `CancellationError`.
    public func receive() async throws -> ByteBuffer? { try await conversation.receive() }

    /// Sends bytes at once, and returns when the peer has room for more.
    ///
    /// Any number of tasks may send; the bytes go out in the order of the calls.
    ///
    /// - Throws: ``HTTPTransportError`` with `connectionClosed`; `CancellationError` while it waits for room.
    public func send(_ bytes: ByteBuffer) async throws { try await conversation.send(bytes) }

    /// Ends the connection: a server's once its client has had a moment to take what was sent. What the peer still sends is
    /// dropped. Idempotent.
    public func close() { conversation.finish(isFailure: false) }

    func finish(isFailure: Bool) { conversation.finish(isFailure: isFailure) }
}
