import NIOCore
import NIOHTTP1
import TestKit
import Testing

@testable import HTTPTransport

/// A client of WebSockets, and servers that do not keep to the protocol.
@Suite(.timeLimit(.minutes(1)))
struct WebSocketClientTests {
    /// Switches as asked for, with a handshake that a test may spoil, and then sends bytes as they are.
    private static func server(
        _ bytes: [UInt8] = [], _ change: @escaping @Sendable (inout HTTPHeaders) -> Void = { _ in }
    ) -> TestResponder {
        TestResponder(respond: { request in
            var headers: HTTPHeaders = [
                "Sec-WebSocket-Accept": WebSocketUpgrade.accept(request.headers.first(name: "sec-websocket-key") ?? ""),
                "Sec-WebSocket-Protocol": "echo",
            ]
            change(&headers)
            return HTTPUpgrade(to: headers.first(name: "X-Protocol") ?? "websocket", headers: headers) { connection in
                try await connection.send(ByteBuffer(bytes: bytes))
                while try await connection.receive() != nil {}
            }.response
        })
    }

    private static func with<Value: Sendable>(
        _ responder: TestResponder, _ body: (WebSocketConnection) async throws -> Value
    ) async throws -> Value {
        try await withServer(responder) { server in
            let client = try HTTPClientTests.client(port: server.port)
            let answer = try await client.webSocket(
                HTTPClientRequest(.GET, "/socket?a=b"), subprotocols: ["best", "echo"], maxMessageBytes: 1000)
            guard case .switched(let socket, _) = answer else { throw Refused() }
            defer { socket.close() }
            return try await body(socket)
        }
    }

    private struct Refused: Error {}

    @Test("messages go both ways, masked by the client, and the server's end is the end")
    func echo() async throws {
        let responder = TestResponder(respond: { request in
            let upgrade = WebSocketUpgrade(request, subprotocols: ["echo"]) { socket in
                for _ in 0..<3 {
                    guard let message = try await socket.receive() else { return }
                    try await socket.send(message)
                }
            }
            return upgrade?.response ?? .text(.badRequest, "no handshake")
        })
        try await Self.with(responder) { socket in
            #expect(socket.subprotocol == "echo")
            for size in [0, 1, 900] {
                let message = ByteBuffer(repeating: UInt8(size & 0xFF), count: size)
                try await socket.send(message)
                #expect(try await socket.receive() == message)
            }
            #expect(try await socket.receive() == nil)
            await #expect(throws: HTTPTransportError.self) { try await socket.send(ByteBuffer(string: "late")) }
        }
    }

    @Test("what comes behind the handshake in the same packet is not lost, fragments are joined, and pings answered")
    func frames() async throws {
        let frames: [UInt8] = [0x02, 1, 65, 0x89, 1, 7, 0x80, 1, 66, 0x81, 1, 67]
        try await Self.with(Self.server(frames)) { socket in
            var received: [String] = []
            for _ in 0..<2 { received.append(String(buffer: try #require(try await socket.receive()))) }
            #expect(received == ["AB", "C"])
        }
    }

    @Test(
        "a handshake that is not that of RFC 6455 ends the connection",
        arguments: [
            ("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), ("Sec-WebSocket-Accept", nil),
            ("Sec-WebSocket-Protocol", nil), ("Sec-WebSocket-Protocol", "other"),
            ("Sec-WebSocket-Protocol", "echo, best"), ("Sec-WebSocket-Extensions", "permessage-deflate"),
            ("X-Protocol", "SPDY/3.1"),
        ] as [(String, String?)])
    func wrongHandshake(name: String, value: String?) async throws {
        let responder = Self.server([]) { headers in
            headers.remove(name: name)
            if let value { headers.add(name: name, value: value) }
        }
        try await withServer(responder) { server in
            let client = try HTTPClientTests.client(port: server.port)
            let error = try await HTTPClientTests.failure {
                _ = try await client.webSocket(HTTPClientRequest(.GET, "/"), subprotocols: ["best", "echo"])
            }
            #expect(error.code == .protocolViolation, "\(error)")
            try await eventually("the connection closes") { server.connectionCount == 0 }
        }
    }

    @Test(
        "a frame that is masked, too large, or reserved ends the conversation with an error",
        arguments: [
            ([0x82, 0x81, 1, 2, 3, 4, 65], .protocolViolation), ([0x82, 126, 0x10, 0], .bodyTooLarge),
            ([0x82, 127, 0, 0, 1, 0, 0, 0, 0, 0], .bodyTooLarge), ([0x83, 0], .protocolViolation),
        ] as [([UInt8], HTTPTransportError.Code)])
    func wrongFrames(bytes: [UInt8], code: HTTPTransportError.Code) async throws {
        try await Self.with(Self.server(bytes)) { socket in
            let error = try await HTTPClientTests.failure { while try await socket.receive() != nil {} }
            #expect(error.code == code, "\(error)")
        }
    }

    @Test("a message whose fragments are together too large ends it, too")
    func largeFragments() async throws {
        let piece: [UInt8] = [126, 0x02, 0x00] + [UInt8](repeating: 1, count: 512)
        try await Self.with(Self.server([0x02] + piece + [0x00] + piece + [0x80, 0])) { socket in
            let error = try await HTTPClientTests.failure { _ = try await socket.receive() }
            #expect(error.code == .bodyTooLarge, "\(error)")
        }
    }

    @Test("a close with a code, or none, is the end of the conversation", arguments: [[0x88, 2, 3, 0xE8], [0x88, 0]])
    func closes(bytes: [UInt8]) async throws {
        try await Self.with(Self.server([0x82, 1, 65] + bytes)) { socket in
            let first = try await socket.receive()
            let second = try await socket.receive()
            #expect(first != nil && second == nil)
        }
    }

    @Test("another status is handed on with its body")
    func refused() async throws {
        try await withServer(TestResponder(respond: { _ in .text(.forbidden, "not you") })) { server in
            let client = try HTTPClientTests.client(port: server.port)
            let answer = try await client.webSocket(HTTPClientRequest(.GET, "/"), subprotocols: [])
            guard case .refused(let stream) = answer else { throw Refused() }
            #expect(stream.status == .forbidden)
            #expect(String(buffer: try await stream.collect(upTo: 100)) == "not you")
        }
    }
}
