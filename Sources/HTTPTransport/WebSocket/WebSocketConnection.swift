public import NIOCore
import NIOWebSocket

/// An open WebSocket, the server's side: whole messages in, binary messages out.
///
/// Pings, pongs and the closing handshake are done below.
public struct WebSocketConnection: Sendable {
    /// The subprotocol that was agreed; nil where none was asked for.
    public let subprotocol: String?

    private let handler: NIOLoopBound<WebSocketHandler>
    private let eventLoop: any EventLoop

    /// Must be called on the event loop.
    init(_ handler: WebSocketHandler, subprotocol: String?, eventLoop: any EventLoop) {
        self.handler = NIOLoopBound(handler, eventLoop: eventLoop)
        self.subprotocol = subprotocol
        self.eventLoop = eventLoop
    }

    /// The next message, text or binary, as bytes. One task at a time may wait.
    ///
    /// What the client sends is read from the socket only as messages are taken, so a client that sends too fast waits.
    ///
    /// - Returns: nil when the client has closed the connection or gone.
    /// - Throws: ``HTTPTransportError`` with `protocolViolation` and `bodyTooLarge`; `CancellationError`.
    public func receive() async throws -> ByteBuffer? {
        try await wait { $0.receive($1, $2) }
    }

    /// Sends a binary message at once, and returns when the client has room for more.
    ///
    /// Any number of tasks may send; messages go out whole, in the order of the calls.
    ///
    /// - Throws: ``HTTPTransportError`` with `connectionClosed`; `CancellationError` while it waits for room.
    public func send(_ message: ByteBuffer) async throws {
        _ = try await wait { $0.send(message, $1, $2) }
    }

    private typealias Waiter = CheckedContinuation<ByteBuffer?, any Error>

    private func wait(
        _ begin: @escaping @Sendable (WebSocketHandler, HTTPWriteTicket, Waiter) -> Void
    ) async throws -> ByteBuffer? {
        let ticket = HTTPWriteTicket()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                perform { begin($0, ticket, continuation) }
            }
        } onCancel: {
            ticket.abandon()
            eventLoop.execute { handler.value.abandon(ticket) }
        }
    }

    func close(_ code: WebSocketErrorCode) {
        perform { $0.close(code) }
    }

    private func perform(_ body: @escaping @Sendable (WebSocketHandler) -> Void) {
        if eventLoop.inEventLoop { body(handler.value) } else { eventLoop.execute { body(handler.value) } }
    }
}
