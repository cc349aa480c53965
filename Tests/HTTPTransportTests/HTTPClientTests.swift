import HTTPTransport
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import TestKit
import Testing

@Suite struct HTTPClientTests {
    static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    static func client(
        port: Int, _ change: (inout HTTPClientConfiguration) -> Void = { _ in }
    ) throws -> HTTPClient {
        var configuration = HTTPClientConfiguration()
        change(&configuration)
        return try HTTPClient(
            endpoint: HTTPEndpoint(isSecure: false, host: "127.0.0.1", port: port), tls: nil,
            group: MultiThreadedEventLoopGroup.singleton, configuration: configuration)
    }

    /// The transport error that the body throws.
    static func failure(
        _ body: () async throws -> Void, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> HTTPTransportError {
        try await #require(throws: HTTPTransportError.self, sourceLocation: sourceLocation) { try await body() }
    }

    @Test("requests one after the other share a connection; requests at a time do not wait for each other")
    func pool() async throws {
        var responder = TestResponder()
        responder.respond = { request in
            if request.path == "/slow" { try? await Task.sleep(for: .milliseconds(50)) }
            return .text(.ok, "\(request.method) \(request.target) \(String(buffer: request.body))")
        }
        try await withServer(responder) { server in
            let client = try Self.client(port: server.port)
            defer { client.shutDown() }
            for number in 0..<10 {
                let response = try await client.execute(
                    HTTPClientRequest(.POST, "/\(number)?a=b", body: ByteBuffer(string: "hello")))
                #expect(response.status == .ok)
                #expect(String(buffer: response.body) == "POST /\(number)?a=b hello")
            }
            #expect(server.connectionCount == 1)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask { _ = try await client.execute(HTTPClientRequest(.GET, "/slow")) }
                }
                try await group.waitForAll()
            }
            #expect(server.connectionCount == 8)
        }
    }

    @Test("more requests than connections wait for their turn")
    func poolLimit() async throws {
        let running = Atomic(0)
        let most = Atomic(0)
        var responder = TestResponder()
        responder.respond = { _ in
            let now = running.add(1, ordering: .acquiringAndReleasing).newValue
            most.max(now, ordering: .relaxed)
            try? await Task.sleep(for: .milliseconds(2))
            running.subtract(1, ordering: .acquiringAndReleasing)
            return .text(.ok, "ok")
        }
        try await withServer(responder) { server in
            let client = try Self.client(port: server.port) { $0.maxConnections = 3 }
            defer { client.shutDown() }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<50 {
                    group.addTask { _ = try await client.execute(HTTPClientRequest(.GET, "/")) }
                }
                try await group.waitForAll()
            }
            #expect(most.load(ordering: .relaxed) <= 3)
        }
    }

    @Test("waiting for a connection, and for an answer, ends with a cancellation")
    func poolWaits() async throws {
        try await ScriptedServer.run([.silence]) { server in
            let client = try Self.client(port: server.port) {
                $0.maxConnections = 1
            }
            defer { client.shutDown() }
            let first = Task { try await client.execute(HTTPClientRequest(.GET, "/")) }
            try await eventually("the first request is sent") { server.readCount == 1 }
            let second = Task { try await client.execute(HTTPClientRequest(.GET, "/")) }
            second.cancel()
            await #expect(throws: CancellationError.self) { try await second.value }
            first.cancel()
            await #expect(throws: CancellationError.self) { try await first.value }
        }
    }

    @Test("a pooled connection that the server has closed is replaced without the caller noticing")
    func stalePool() async throws {
        try await ScriptedServer.run([.answer(Self.ok), .close, .answer(Self.ok)]) { server in
            let client = try Self.client(port: server.port)
            defer { client.shutDown() }
            for _ in 0..<2 {
                let response = try await client.execute(HTTPClientRequest(.GET, "/"))
                #expect(String(buffer: response.body) == "ok")
            }
            #expect(server.connectionCount == 2)
        }
    }

    @Test("a request that may have had an effect is not sent twice")
    func noSecondPost() async throws {
        try await ScriptedServer.run([.answer(Self.ok), .close, .answer(Self.ok)]) { server in
            let client = try Self.client(port: server.port)
            defer { client.shutDown() }
            _ = try await client.execute(HTTPClientRequest(.GET, "/"))
            let error = try await Self.failure { _ = try await client.execute(HTTPClientRequest(.POST, "/x")) }
            #expect(error.code == .connectionClosed)
            #expect(error.message.contains("POST http://127.0.0.1:\(server.port)/x"))
            #expect(server.readCount == 2)
        }
    }

    @Test("a connection refused says where and why")
    func refused() async throws {
        let port = try await withServer { $0.port }
        let client = try Self.client(port: port)
        defer { client.shutDown() }
        let error = try await Self.failure { _ = try await client.execute(HTTPClientRequest(.GET, "/")) }
        #expect(error.code == .connectFailed)
        #expect(error.message.contains("http://127.0.0.1:\(port), tried for 0."))
        #expect(error.message.contains("connection refused"))
    }

    @Test("a server that never answers runs into the deadline")
    func silence() async throws {
        try await ScriptedServer.run([]) { server in
            let client = try Self.client(port: server.port) { $0.responseTimeout = .milliseconds(50) }
            defer { client.shutDown() }
            let error = try await Self.failure { _ = try await client.execute(HTTPClientRequest(.GET, "/")) }
            #expect(error.code == .responseTimeout)
            let streamError = try await Self.failure { _ = try await client.stream(HTTPClientRequest(.GET, "/")) }
            #expect(streamError.code == .responseTimeout)
        }
    }

    @Test("a server that stops in the middle of a body runs into the deadline")
    func silenceInBody() async throws {
        let half = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha"
        try await ScriptedServer.run([.answer(half), .answer(half)]) { server in
            let client = try Self.client(port: server.port)
            defer { client.shutDown() }
            let error = try await Self.failure {
                _ = try await client.execute(HTTPClientRequest(.GET, "/", timeout: .milliseconds(50)))
            }
            #expect(error.code == .responseTimeout)
            let stream = try await client.stream(HTTPClientRequest(.GET, "/"), silenceLimit: .milliseconds(50))
            let streamError = try await Self.failure { _ = try await stream.collect(upTo: 100) }
            #expect(streamError.code == .responseTimeout)
        }
    }

    @Test("a server that accepts but does not speak TLS in time runs into the deadline of connecting")
    func silentHandshake() async throws {
        let certificates = try TestCertificates.shared.get()
        try await ScriptedServer.run([]) { server in
            var configuration = HTTPClientConfiguration()
            configuration.connectTimeout = .milliseconds(100)
            let client = try HTTPClient(
                endpoint: HTTPEndpoint(isSecure: true, host: "127.0.0.1", port: server.port),
                tls: try certificates.client(), group: MultiThreadedEventLoopGroup.singleton,
                configuration: configuration)
            let error = try await Self.failure { _ = try await client.execute(HTTPClientRequest(.GET, "/")) }
            #expect(error.code == .connectTimeout)
        }
    }

    @Test("a server with another name is not talked to")
    func wrongName() async throws {
        let certificates = try TestCertificates.shared.get()
        try await withServer(tls: certificates.server) { server in
            let client = try HTTPClient(
                endpoint: HTTPEndpoint(isSecure: true, host: "127.0.0.1", port: server.port),
                tls: try certificates.client(serverName: "elsewhere"), group: MultiThreadedEventLoopGroup.singleton)
            let error = try await Self.failure { _ = try await client.execute(HTTPClientRequest(.GET, "/")) }
            #expect(error.code == .tlsFailed)
            #expect(error.message.contains("https://127.0.0.1:\(server.port)"))
        }
    }

    @Test(
        "broken answers are typed errors",
        arguments: [
            (ScriptedServer.Step.answer("hello\r\n\r\n"), HTTPTransportError.Code.protocolViolation),
            (.answerAndClose("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha"), .connectionClosed),
            (.close, .connectionClosed),
            (
                .answer("HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n\(String(repeating: "x", count: 2000))"),
                .bodyTooLarge
            ),
            (.answer("HTTP/1.1 200 OK\r\nA: \(String(repeating: "x", count: 5000))\r\n\r\n"), .protocolViolation),
        ])
    func brokenAnswers(step: ScriptedServer.Step, code: HTTPTransportError.Code) async throws {
        try await ScriptedServer.run([step]) { server in
            let client = try Self.client(port: server.port) {
                $0.maxBodyBytes = 1000
                $0.maxHeaderBytes = 4000
            }
            defer { client.shutDown() }
            let error = try await Self.failure { _ = try await client.execute(HTTPClientRequest(.GET, "/")) }
            #expect(error.code == code)
        }
    }

    @Test("plain HTTP is spoken to loopback only, and TLS only to https")
    func plaintext() throws {
        let group = MultiThreadedEventLoopGroup.singleton
        #expect(throws: HTTPTransportError.self) {
            try HTTPClient(endpoint: HTTPEndpoint(url: "http://192.0.2.1"), tls: nil, group: group)
        }
        #expect(throws: HTTPTransportError.self) {
            try HTTPClient(endpoint: HTTPEndpoint(url: "https://127.0.0.1"), tls: nil, group: group)
        }
    }
}
