public import HTTPTransport
import NIOCore

/// The other end of a connection that carries SPDY frames, directly or inside a WebSocket: bytes as they come and go.
public struct SPDYPeer: Sendable {
    /// The peer's next bytes; `nil` when it has gone. One task at a time may wait.
    let receive: @Sendable () async throws -> ByteBuffer?
    /// Sends whole frames; from any number of tasks.
    let send: @Sendable (ByteBuffer) async throws -> Void

    init(
        receive: @escaping @Sendable () async throws -> ByteBuffer?,
        send: @escaping @Sendable (ByteBuffer) async throws -> Void
    ) {
        self.receive = receive
        self.send = send
    }

    public init(_ connection: ByteConnection) {
        self.init(receive: { try await connection.receive() }, send: { try await connection.send($0) })
    }

    public init(_ socket: WebSocketConnection) {
        self.init(receive: { try await socket.receive() }, send: { try await socket.send($0) })
    }

    /// Sends bytes of one stream; empty ones only to end it.
    func send(_ stream: UInt32, _ bytes: [UInt8], isLast: Bool = false) async throws {
        try await send(ByteBuffer(bytes: SPDYFrameEncoder.data(stream: stream, bytes, isLast: isLast)))
    }
}
