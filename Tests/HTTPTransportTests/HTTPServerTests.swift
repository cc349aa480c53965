import HTTPTransport
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Testing

@Suite struct HTTPServerTests {
    @Test("a request is answered with its framing, and the connection stays open")
    func keepAlive() async throws {
        try await withServer { server in
            let connection = try await RawConnection.connect(port: server.port)
            try await connection.send("GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n")
            let first = try await connection.received { text, _ in text.hasSuffix("GET /a?b=c 0") }
            #expect(first.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(first.contains("Content-Length: 12\r\n"))
            #expect(!first.contains("Connection:"))
            try await connection.send("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello")
            try await connection.received { text, _ in text.hasSuffix("POST /p 5") }
            #expect(server.connectionCount == 1)
            try await connection.close()
        }
    }

    @Test("pipelined requests are answered in order, however slow the first is", arguments: [true, false])
    func pipelining(immediately: Bool) async throws {
        var responder = TestResponder()
        responder.respond = { request in
            if request.path == "/0" { try? await Task.sleep(for: .milliseconds(30)) }
            return .text(.ok, "[\(request.path)]")
        }
        if immediately { responder.immediately = { $0.path == "/0" ? nil : .text(.ok, "[\($0.path)]") } }
        try await withServer(responder) { server in
            let connection = try await RawConnection.connect(port: server.port)
            let count = 500
            let requests = (0..<count).map { "GET /\($0) HTTP/1.1\r\nHost: x\r\n\r\n" }.joined()
            try await connection.send(requests)
            let text = try await connection.received { text, _ in text.hasSuffix("[/\(count - 1)]") }
            let bodies = text.split(separator: "\r\n\r\n").dropFirst().map { $0.prefix { $0 != "]" } }
            #expect(bodies.map { String($0) } == (0..<count).map { "[/\($0)" })
        }
    }
}
