import HTTPTransport
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import TLSTransport
import TestKit
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

    @Test("a client that waits for 100 Continue is told to go on")
    func expectContinue() async throws {
        try await withServer { server in
            let connection = try await RawConnection.connect(port: server.port)
            try await connection.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
            try await connection.received { text, _ in text == "HTTP/1.1 100 Continue\r\n\r\n" }
            try await connection.send("ok")
            try await connection.received { text, _ in text.hasSuffix("PUT / 2") }
        }
    }

    @Test("HEAD gets the headers of the same answer without its body", arguments: ["/bytes", "/stream"])
    func head(path: String) async throws {
        var responder = TestResponder()
        responder.respond = { request in
            if request.path == "/bytes" { return .text(.ok, "four") }
            return HTTPResponse(
                status: .ok, headers: ["X-Kind": "stream"],
                body: .stream { try await $0.write(ByteBuffer(string: "no")) })
        }
        try await withServer(responder) { server in
            let connection = try await RawConnection.connect(port: server.port)
            try await connection.send("HEAD \(path) HTTP/1.1\r\nHost: x\r\n\r\nGET /bytes HTTP/1.1\r\nHost: x\r\n\r\n")
            let text = try await connection.received { text, _ in text.hasSuffix("four") }
            let first = text.components("\r\n\r\n")
            #expect(first.count == 3)
            #expect(first[0].contains(path == "/bytes" ? "Content-Length: 4" : "X-Kind: stream"))
            #expect(first[1].hasPrefix("HTTP/1.1 200 OK\r\n"))
        }
    }

    @Test("a chunked body is collected, and a body split at every byte is the same body")
    func chunkedAndSplit() async throws {
        try await withServer { server in
            let connection = try await RawConnection.connect(port: server.port)
            let request =
                "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
            for byte in request { try await connection.send(String(byte)) }
            try await connection.received { text, _ in text.hasSuffix("POST /c 5") }
        }
    }

    @Test("a request to upgrade that is not granted is answered, and its connection closes")
    func upgradeRefused() async throws {
        try await withServer { server in
            let connection = try await RawConnection.connect(port: server.port)
            try await connection.send("GET /x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
            let text = try await connection.receivedUntilClosed()
            #expect(text.contains("Connection: close\r\n"))
            #expect(text.hasSuffix("GET /x 0"))
        }
    }

    @Test("a port in use is refused with its address")
    func busyPort() async throws {
        try await withServer { server in
            do {
                let second = try await HTTPServer.start(
                    group: MultiThreadedEventLoopGroup.singleton, host: "127.0.0.1", port: server.port, tls: nil,
                    logger: Logger(label: "test"), responder: TestResponder())
                await second.close()
                Issue.record("the second server started")
            } catch let error as HTTPTransportError {
                #expect(error.code == .addressInUse)
                #expect(error.message.contains("127.0.0.1:\(server.port)"))
            }
        }
    }

    @Test("plain HTTP is served on loopback only")
    func plaintext() async throws {
        do {
            let server = try await HTTPServer.start(
                group: MultiThreadedEventLoopGroup.singleton, host: "0.0.0.0", port: 0, tls: nil,
                logger: Logger(label: "test"), responder: TestResponder())
            await server.close()
            Issue.record("the server started")
        } catch let error as HTTPTransportError {
            #expect(error.code == .plaintextRefused)
        }
    }

    @Test(
        "a client's certificate is visible to the responder, and a client without one is served too",
        arguments: [true, false])
    func clientCertificate(presents: Bool) async throws {
        let certificates = try TestCertificates.shared.get()
        var responder = TestResponder()
        responder.respond = { request in
            let name = request.peer.map { "\($0.commonName) of \($0.organizations)" } ?? "nobody"
            return .text(.ok, name)
        }
        try await withServer(responder, tls: certificates.server) { server in
            let tls = try certificates.client(identity: presents ? certificates.clientIdentity : nil)
            let client = try HTTPClient(
                endpoint: HTTPEndpoint(isSecure: true, host: "127.0.0.1", port: server.port), tls: tls,
                group: MultiThreadedEventLoopGroup.singleton)
            defer { client.shutDown() }
            for _ in 0..<3 {
                let response = try await client.execute(HTTPClientRequest(.GET, "/"))
                #expect(String(buffer: response.body) == (presents ? "ada of [\"engineers\"]" : "nobody"))
            }
            #expect(server.connectionCount == 1)
        }
    }
}
