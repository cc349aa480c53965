import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import TestKit
import Testing

@testable import HTTPTransport

/// Connections that leave HTTP for a protocol of their own.
@Suite(.timeLimit(.minutes(1)))
struct HTTPUpgradeTests {
    private struct Refused: Error {}

    private static func with(
        overTLS: Bool = false, _ run: @escaping @Sendable (ByteConnection) async throws -> Void,
        _ body: (ByteConnection, HTTPServer) async throws -> Void
    ) async throws {
        let certificates = try TestCertificates.shared.get()
        let responder = TestResponder(respond: { request in
            guard HTTPUpgrade.isAsked("SPDY/3.1", by: request), request.method == .POST else {
                return .text(.badRequest, "Upgrade request required")
            }
            return HTTPUpgrade(to: "SPDY/3.1", headers: ["X-Version": "v4"], run).response
        })
        try await withServer(responder, tls: overTLS ? certificates.server : nil) { server in
            let client = try HTTPClient(
                endpoint: HTTPEndpoint(isSecure: overTLS, host: "127.0.0.1", port: server.port),
                tls: overTLS ? try certificates.client() : nil, group: MultiThreadedEventLoopGroup.singleton)
            let answer = try await client.upgrade(HTTPClientRequest(.POST, "/"), to: "SPDY/3.1")
            guard case .switched(let connection, let headers) = answer else { throw Refused() }
            #expect(headers.first(name: "X-Version") == "v4")
            defer { connection.close() }
            try await body(connection, server)
        }
    }

    @Test("bytes go both ways, and all that was sent arrives before the end", arguments: [true, false])
    func bytes(overTLS: Bool) async throws {
        let count = 3_000_000
        try await Self.with(overTLS: overTLS) { connection in
            var received = 0
            while received < count, let bytes = try await connection.receive() { received += bytes.readableBytes }
            for _ in 0..<30 { try await connection.send(ByteBuffer(repeating: 7, count: count / 30)) }
        } _: { connection, server in
            for _ in 0..<30 { try await connection.send(ByteBuffer(repeating: 1, count: count / 30)) }
            var received = 0
            while received < count, let bytes = try await connection.receive() { received += bytes.readableBytes }
            #expect(received == count)
            connection.close()
            try await eventually("the connection closes") { server.connectionCount == 0 }
        }
    }

    @Test("what the server has sent reaches a client that goes on sending what nobody reads")
    func lastWord() async throws {
        try await Self.with { connection in
            _ = try await connection.receive()
            try await connection.send(ByteBuffer(string: "the last word"))
        } _: { connection, _ in
            try await connection.send(ByteBuffer(repeating: 1, count: 1_000_000))
            var text = ""
            while !text.hasSuffix("word"), let bytes = try await connection.receive() { text += String(buffer: bytes) }
            #expect(text == "the last word")
        }
    }

    @Test("a server whose client does not close cuts the connection in the end")
    func lingering() async throws {
        try await Self.with { _ in
        } _: { connection, server in
            #expect(try await connection.receive() == nil)
            try await eventually("it is cut") { server.connectionCount == 0 }
        }
    }

    @Test("the server's task is cancelled when the client goes, and a receiver whose task is cancelled waits no longer")
    func cancelled() async throws {
        let isCancelled = Atomic(false)
        try await Self.with { _ in
            try? await Task.sleep(for: .seconds(60))
            isCancelled.store(Task.isCancelled, ordering: .releasing)
        } _: { connection, _ in
            let waiting = Task { try await connection.receive() }
            waiting.cancel()
            await #expect(throws: CancellationError.self) { _ = try await waiting.value }
            connection.close()
            try await eventually("it is cancelled") { isCancelled.load(ordering: .acquiring) }
        }
    }

    @Test("bytes that nobody takes hold the sender back")
    func pressure() async throws {
        let sent = Atomic(0)
        try await Self.with { connection in
            while !Task.isCancelled {
                try await connection.send(ByteBuffer(repeating: 0, count: 64 << 10))
                sent.add(64 << 10, ordering: .relaxed)
            }
        } _: { connection, _ in
            var before = -1
            try await eventually("nothing moves any more") {
                let now = sent.load(ordering: .relaxed)
                defer { before = now }
                try? await Task.sleep(for: .milliseconds(200))
                return now > 0 && now == before
            }
            #expect(sent.load(ordering: .relaxed) < 32 << 20)
            #expect(try await connection.receive() != nil)
        }
    }

    @Test("a server that switches to another protocol than asked for is not spoken to")
    func wrongProtocol() async throws {
        let answer = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n"
        try await ScriptedServer.run([.answer(answer)]) { server in
            let client = try HTTPClientTests.client(port: server.port)
            let error = try await HTTPClientTests.failure {
                _ = try await client.upgrade(HTTPClientRequest(.POST, "/"), to: "SPDY/3.1")
            }
            #expect(error.code == .protocolViolation, "\(error)")
        }
    }

    @Test(
        "a server that closes, or does not answer, is an error",
        arguments: [ScriptedServer.Step.close, .answerAndClose("HTTP/1.1 101 Switching"), .silence])
    func noAnswer(step: ScriptedServer.Step) async throws {
        try await ScriptedServer.run([step]) { server in
            let client = try HTTPClientTests.client(port: server.port) { $0.responseTimeout = .milliseconds(300) }
            await #expect(throws: HTTPTransportError.self) {
                _ = try await client.upgrade(HTTPClientRequest(.POST, "/"), to: "SPDY/3.1")
            }
        }
    }
}
