import HTTPTransport
import NIOCore
import NIOHTTP1
import Synchronization
import TestKit
import Testing

struct WebSocketTests {
    private static let handshake = """
        GET /echo HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Protocol: other, echo\r\n\r\n
        """

    /// Repeats every message, and answers what is no handshake with 400.
    private static let echo = TestResponder(respond: { request in
        let upgrade = WebSocketUpgrade(request, subprotocols: ["echo"]) { socket in
            while let message = try await socket.receive() { try await socket.send(message) }
        }
        return upgrade?.response ?? .text(.badRequest, "no handshake")
    })

    /// A client's frame of ASCII text, masked with zeros so that the text stays readable; up to 125 bytes.
    private static func frame(_ opcode: UInt8, _ text: String, isLast: Bool = true) -> String {
        let head: [UInt8] = [(isLast ? 0x80 : 0) | opcode, 0x80 | UInt8(text.utf8.count), 0, 0, 0, 0]
        return String(decoding: head.map { UInt16($0) }, as: UTF16.self) + text
    }

    /// Sends characters up to U+00FF as one byte each.
    private static func send(_ text: String, to connection: RawConnection) async throws {
        try await connection.send(bytes: text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) })
    }

    @Test("a handshake is answered with the RFC's proof, and messages behind it in the same packet are not lost")
    func handshake() async throws {
        try await withServer(Self.echo) { server in
            let connection = try await RawConnection.connect(port: server.port)
            try await Self.send(Self.handshake + Self.frame(2, "hello"), to: connection)
            let text = try await connection.received { text, _ in text.hasSuffix("hello") }
            #expect(text.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
            #expect(text.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"))
            #expect(text.contains("Sec-WebSocket-Protocol: echo\r\n"))
            #expect(text.contains("Connection: Upgrade\r\n"))
            #expect(!text.contains("Content-Length"))
            try await connection.close()
        }
    }

    @Test("a conversation works with every byte in a packet of its own, fragments and pings included")
    func bytewise() async throws {
        try await withServer(Self.echo) { server in
            let connection = try await RawConnection.connect(port: server.port)
            let input =
                Self.handshake + Self.frame(2, "frag", isLast: false) + Self.frame(9, "ping") + Self.frame(0, "ment")
            for character in input.unicodeScalars { try await Self.send(String(character), to: connection) }
            let text = try await connection.received { text, _ in text.contains("fragment") }
            #expect(text.contains("ping"))
            try await Self.send(Self.frame(8, ""), to: connection)
            _ = try await connection.receivedUntilClosed()
        }
    }

    @Test(
        "what is no proper handshake gets the responder's answer, and the connection closes",
        arguments: [
            ("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 12"), ("other, echo", "other"),
            ("Upgrade: websocket", "Upgrade: SPDY/3.1"), ("dGhlIHNhbXBsZSBub25jZQ==", "short"),
        ])
    func refused(part: String, wrong: String) async throws {
        try await withServer(Self.echo) { server in
            let connection = try await RawConnection.connect(port: server.port)
            try await Self.send(Self.handshake.replacing(part, with: wrong), to: connection)
            let text = try await connection.receivedUntilClosed()
            #expect(text.hasPrefix("HTTP/1.1 400 "))
        }
    }

    @Test("a message beyond the limit ends the connection with status 1009 before it is taken")
    func tooLarge() async throws {
        try await withServer(Self.echo) { server in
            let connection = try await RawConnection.connect(port: server.port)
            try await connection.send(Self.handshake)
            try await connection.received { text, _ in text.contains("\r\n\r\n") }
            // A header that announces 2^40 bytes.
            try await connection.send(bytes: [0x82, 0xFF, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0])
            let text = try await connection.receivedUntilClosed()
            #expect(!text.isEmpty)
        }
    }

    @Test("the conversation's task is cancelled when the client goes")
    func clientGoes() async throws {
        let (ends, end) = AsyncStream<Bool>.makeStream()
        let responder = TestResponder(respond: { request in
            let upgrade = WebSocketUpgrade(request, subprotocols: []) { _ in
                try? await Task.sleep(for: .seconds(60))
                end.yield(Task.isCancelled)
            }
            return upgrade?.response ?? .text(.badRequest, "no handshake")
        })
        try await withServer(responder) { server in
            let connection = try await RawConnection.connect(port: server.port)
            try await connection.send(Self.handshake)
            try await connection.received { text, _ in text.contains("\r\n\r\n") }
            try await connection.close()
            var iterator = ends.makeAsyncIterator()
            #expect(await iterator.next() == true)
        }
    }

    @Test("a client that does not read holds the sender back, and one that sends too fast is not read")
    func flowControl() async throws {
        let sent = Atomic(0)
        let responder = TestResponder(respond: { request in
            let upgrade = WebSocketUpgrade(request, subprotocols: []) { socket in
                while !Task.isCancelled {
                    try await socket.send(ByteBuffer(repeating: 0, count: 64 << 10))
                    sent.add(1, ordering: .relaxed)
                }
            }
            return upgrade?.response ?? .text(.badRequest, "no handshake")
        })
        try await withServer(responder) { server in
            let connection = try await RawConnection.connect(port: server.port, reads: false, receiveBuffer: 4096)
            try await connection.send(Self.handshake)
            // The system's buffers fill, then nothing moves any more.
            var before = -1
            let deadline = ContinuousClock.now + .seconds(20)
            while ContinuousClock.now < deadline {
                let now = sent.load(ordering: .relaxed)
                if now > 0, now == before { break }
                before = now
                try await Task.sleep(for: .milliseconds(200))
            }
            #expect(sent.load(ordering: .relaxed) < 500)
            try await connection.close()
        }
    }
}
