import HTTPTransport
import NIOCore
import NIOHTTP1
import NIOPosix
import TestKit
import Testing

@Suite struct HTTPServerLimitTests {
    static let small: HTTPServerConfiguration = {
        var configuration = HTTPServerConfiguration()
        configuration.maxTargetLength = 100
        configuration.maxHeaderBytes = 1000
        configuration.maxHeaderCount = 10
        configuration.maxBodyBytes = 1000
        configuration.lingerTimeout = .milliseconds(50)
        return configuration
    }()

    @Test(
        "what breaks a rule or a limit is refused with its status, and the connection closes",
        arguments: [
            ("GET /\(String(repeating: "a", count: 100)) HTTP/1.1\r\nHost: x\r\n\r\n", 414),
            ("GET /\(String(repeating: "a", count: 5000))", 414),
            ("GET / HTTP/1.1\r\nHost: x\r\nA: \(String(repeating: "b", count: 1000))\r\n\r\n", 431),
            ("GET / HTTP/1.1\r\nHost: x\r\n\(String(repeating: "A: b\r\n", count: 10))\r\n", 431),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n", 413),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n", 413),
            (
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n"
                    + String(repeating: "b", count: 1001) + "\r\n0\r\n\r\n", 413
            ),
            ("POST / HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\n\r\n", 417),
            ("GET / HTTP/1.1\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
            ("GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET /%ff HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
            ("\u{16}\u{3}\u{1}\u{0}\u{5}hello", 400),
        ])
    func refusal(request: String, status: Int) async throws {
        try await withServer(configuration: Self.small) { server in
            let connection = try await RawConnection.connect(port: server.port)
            try await connection.send(request)
            let answer = try await connection.receivedUntilClosed()
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
            #expect(answer.contains("Connection: close\r\n"))
        }
    }

    @Test("what is exactly at the limits is served")
    func atTheLimits() async throws {
        try await withServer(configuration: Self.small) { server in
            let connection = try await RawConnection.connect(port: server.port)
            let target = "/" + String(repeating: "a", count: 99)
            let body = String(repeating: "b", count: 1000)
            try await connection.send("POST \(target) HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n\(body)")
            try await connection.received { text, _ in text.hasSuffix("POST \(target) 1000") }
        }
    }

    @Test("a refusal waits for the responses before it")
    func refusalAfterPipelinedRequest() async throws {
        var responder = TestResponder()
        responder.respond = { request in
            try? await Task.sleep(for: .milliseconds(20))
            return .text(.ok, request.path)
        }
        try await withServer(responder, configuration: Self.small) { server in
            let connection = try await RawConnection.connect(port: server.port)
            try await connection.send("GET /first HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n")
            let answer = try await connection.receivedUntilClosed()
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.contains("/firstHTTP/1.1 400 Bad Request\r\n"))
        }
    }

    @Test(
        "half-sent requests are cut off at their deadline",
        arguments: [
            ("GET / HT", "408"), ("GET / HTTP/1.1\r\nHost: x\r\nAb", "408"),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf", "408"), ("", ""),
        ])
    func halfSent(request: String, status: String) async throws {
        var configuration = Self.small
        configuration.headTimeout = .milliseconds(400)
        configuration.bodyTimeout = .milliseconds(400)
        try await withServer(configuration: configuration) { server in
            let connection = try await RawConnection.connect(port: server.port)
            try await connection.send(request)
            let answer = try await connection.receivedUntilClosed()
            #expect(status.isEmpty ? answer.isEmpty : answer.hasPrefix("HTTP/1.1 \(status) "))
        }
    }

    @Test("a head that comes byte by byte does not move its deadline")
    func slowLoris() async throws {
        var configuration = Self.small
        configuration.headTimeout = .milliseconds(400)
        try await withServer(configuration: configuration) { server in
            let connection = try await RawConnection.connect(port: server.port)
            let start = ContinuousClock.now
            try await connection.send("GET / HTTP/1.1\r\nX: ")
            let drip = Task {
                for _ in 0..<1000 {
                    try await connection.send("A")
                    try await Task.sleep(for: .milliseconds(5))
                }
            }
            let answer = try await connection.receivedUntilClosed()
            drip.cancel()
            #expect(answer.hasPrefix("HTTP/1.1 408 "))
            #expect(ContinuousClock.now - start < .seconds(4))
        }
    }

    @Test("an idle connection closes after its time, without a word")
    func idle() async throws {
        var configuration = Self.small
        configuration.idleTimeout = .milliseconds(60)
        try await withServer(configuration: configuration) { server in
            let connection = try await RawConnection.connect(port: server.port)
            try await connection.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            let answer = try await connection.receivedUntilClosed()
            #expect(answer.hasSuffix("\r\n\r\nGET / 0"))
        }
    }

    @Test("connections beyond the limit are closed, the others are served")
    func tooManyConnections() async throws {
        var configuration = Self.small
        configuration.maxConnections = 2
        try await withServer(configuration: configuration) { server in
            var kept: [RawConnection] = []
            for _ in 0..<2 {
                let connection = try await RawConnection.connect(port: server.port)
                try await connection.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                try await connection.received { text, _ in text.hasSuffix("GET / 0") }
                kept.append(connection)
            }
            let third = try await RawConnection.connect(port: server.port)
            #expect(try await third.receivedUntilClosed().isEmpty)
            try await kept[0].send("GET /again HTTP/1.1\r\nHost: x\r\n\r\n")
            try await kept[0].received { text, _ in text.hasSuffix("GET /again 0") }
        }
    }
}
