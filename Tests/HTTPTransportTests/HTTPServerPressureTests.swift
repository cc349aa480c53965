import HTTPTransport
import NIOCore
import NIOHTTP1
import Synchronization
import TLSTransport
import TestKit
import Testing

/// Clients that ask for more than they take, or hold what others need.
@Suite struct HTTPServerPressureTests {
    private static let get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

    @Test(
        "a client that asks on and on and never reads has few answers in memory, and is cut off",
        arguments: [false, true])
    func asksWithoutReading(usesTLS: Bool) async throws {
        let answered = Atomic(0)
        var responder = TestResponder()
        responder.immediately = { _ in
            answered.add(1, ordering: .relaxed)
            return HTTPResponse(status: .ok, body: .bytes(ByteBuffer(repeating: 0, count: 1 << 20)))
        }
        var configuration = HTTPServerConfiguration()
        configuration.writeTimeout = .milliseconds(300)
        let certificates = try TestCertificates.shared.get()
        try await withServer(
            responder, tls: usesTLS ? certificates.server : nil, configuration: configuration
        ) { server in
            let greedy = try await RawConnection.connect(port: server.port, tls: usesTLS ? certificates.client() : nil)
            try await greedy.send(Self.get)
            try await greedy.received { text, _ in text.utf8.count > 1 << 20 }
            try await greedy.stopReading()
            try? await greedy.send(String(repeating: Self.get, count: 400))
            try await eventually("it is cut off") { server.connectionCount == 0 }
            // The sockets of both sides hold some.
            #expect(answered.load(ordering: .relaxed) < 40)
            try? await greedy.close()
        }
    }

    @Test("a slow client that keeps reading has its answer to the end, however long it may be idle")
    func slowButSteady() async throws {
        var responder = TestResponder()
        responder.immediately = { _ in
            HTTPResponse(status: .ok, body: .bytes(ByteBuffer(repeating: UInt8(ascii: "x"), count: 24 << 20)))
        }
        var configuration = HTTPServerConfiguration()
        configuration.idleTimeout = .milliseconds(100)
        try await withServer(responder, configuration: configuration) { server in
            let slow = try await RawConnection.connect(port: server.port, receiveBuffer: 4096)
            try await slow.send(Self.get)
            try await slow.received { text, _ in text.utf8.count > 1000 }
            try await slow.stopReading()
            try await Task.sleep(for: .milliseconds(300))
            try await slow.resumeReading()
            let text = try await slow.receivedUntilClosed(within: .seconds(30))
            #expect(text.utf8.count { $0 == UInt8(ascii: "x") } == 24 << 20)
        }
    }

    @Test("bodies beyond what the server may hold for all clients are put off, and taken when there is room")
    func bodyBudget() async throws {
        var configuration = HTTPServerConfiguration()
        configuration.maxBufferedBytes = 1_000_000
        configuration.lingerTimeout = .milliseconds(50)
        try await withServer(configuration: configuration) { server in
            let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 700000\r\n\r\n"
            let body = String(repeating: "b", count: 699_999)
            let first = try await RawConnection.connect(port: server.port)
            try await first.send(head + body)
            let second = try await RawConnection.connect(port: server.port)
            // The first one's bytes may still be on their way.
            let refused = try await eventually("the second is put off") { () -> String? in
                let other = try await RawConnection.connect(port: server.port)
                try? await other.send(head + body)
                let text = try await other.received { text, isClosed in isClosed || text.contains("\r\n\r\n") }
                try? await other.close()
                return text.isEmpty ? nil : text
            }
            #expect(refused.hasPrefix("HTTP/1.1 503 "))
            #expect(refused.contains("Retry-After: 1\r\n"))
            try await first.send("b")
            try await first.received { text, _ in text.hasSuffix("POST / 700000") }
            try await second.send(head + body + "b")
            try await second.received { text, _ in text.hasSuffix("POST / 700000") }
        }
    }

    @Test("answers beyond what the server may hold for all clients are put off")
    func answerBudget() async throws {
        let asked = Atomic(0)
        var responder = TestResponder()
        responder.immediately = { request in
            guard request.path == "/large" else { return nil }
            asked.add(1, ordering: .relaxed)
            return HTTPResponse(status: .ok, body: .bytes(ByteBuffer(repeating: 0, count: 24 << 20)))
        }
        var configuration = HTTPServerConfiguration()
        configuration.maxBufferedBytes = 30 << 20
        try await withServer(responder, configuration: configuration) { server in
            let large = "GET /large HTTP/1.1\r\nHost: x\r\n\r\n"
            let slow = try await RawConnection.connect(port: server.port, reads: false)
            try await slow.send(large)
            // Or a probe could be the first, and the slow one be put off.
            try await eventually("the slow one is answered") { asked.load(ordering: .relaxed) == 1 }
            let other = try await RawConnection.connect(port: server.port)
            let text = try await eventually("the second is put off") { () -> String? in
                let probe = try await RawConnection.connect(port: server.port)
                try await probe.send(large)
                let text = try await probe.received { text, _ in text.contains("\r\n\r\n") }
                try? await probe.close()
                return text.hasPrefix("HTTP/1.1 503 ") ? text : nil
            }
            #expect(text.contains("Retry-After: 1\r\n"))
            try await other.send(Self.get)
            try await other.received { text, _ in text.hasSuffix("GET / 0") }
            try await slow.close()
            try await eventually("there is room again") {
                let probe = try await RawConnection.connect(port: server.port)
                try await probe.send(large)
                let text = try await probe.received { text, _ in text.contains("\r\n\r\n") }
                try? await probe.close()
                return text.hasPrefix("HTTP/1.1 200 ")
            }
        }
    }

    @Test("who only holds connections open makes room for a client that proves who it is, and that one stays")
    func halfOpen() async throws {
        let certificates = try TestCertificates.shared.get()
        var configuration = HTTPServerConfiguration()
        configuration.maxConnections = 20
        configuration.maxConnectionsPerAddress = 10
        try await withServer(tls: certificates.server, configuration: configuration) { server in
            var idle: [RawConnection] = []
            for _ in 0..<10 { idle.append(try await RawConnection.connect(port: server.port)) }
            try await eventually("all are there") { server.connectionCount == 10 }
            var known: [RawConnection] = []
            for _ in 0..<10 {
                let client = try await RawConnection.connect(
                    port: server.port, tls: certificates.client(identity: certificates.clientIdentity))
                try await client.send(Self.get)
                try await client.received { text, _ in text.hasSuffix("GET / 0") }
                known.append(client)
                #expect(server.connectionCount <= 10)
            }
            for connection in idle { #expect(try await connection.receivedUntilClosed().isEmpty) }
            // All that are left are known: the next one finds no room.
            let late = try await RawConnection.connect(port: server.port)
            _ = try await late.receivedUntilClosed()
            for client in known {
                try await client.send("GET /again HTTP/1.1\r\nHost: x\r\n\r\n")
                try await client.received { text, _ in text.hasSuffix("GET /again 0") }
            }
        }
    }

    @Test("one address has its share of the connections, whatever is left for others")
    func perAddress() async throws {
        var configuration = HTTPServerConfiguration()
        configuration.maxConnectionsPerAddress = 2
        try await withServer(configuration: configuration) { server in
            let kept = try await RawConnection.connect(port: server.port)
            try await kept.send(Self.get)
            try await kept.received { text, _ in text.hasSuffix("GET / 0") }
            let second = try await RawConnection.connect(port: server.port)
            try await second.send(Self.get)
            try await second.received { text, _ in text.hasSuffix("GET / 0") }
            let third = try await RawConnection.connect(port: server.port)
            #expect(try await third.receivedUntilClosed().isEmpty)
            try await second.close()
            try await eventually("there is room again") { server.connectionCount == 1 }
            let fourth = try await RawConnection.connect(port: server.port)
            try await fourth.send(Self.get)
            try await fourth.received { text, _ in text.hasSuffix("GET / 0") }
        }
    }

    @Test("a client without a certificate may send only small bodies", arguments: [100, 101])
    func anonymousBody(length: Int) async throws {
        let certificates = try TestCertificates.shared.get()
        var configuration = HTTPServerConfiguration()
        configuration.maxAnonymousBodyBytes = 100
        configuration.lingerTimeout = .milliseconds(50)
        try await withServer(tls: certificates.server, configuration: configuration) { server in
            let request =
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \(length)\r\n\r\n"
                + String(repeating: "b", count: length)
            let known = try await RawConnection.connect(
                port: server.port, tls: certificates.client(identity: certificates.clientIdentity))
            try await known.send(request)
            try await known.received { text, _ in text.hasSuffix("POST / \(length)") }
            let anonymous = try await RawConnection.connect(port: server.port, tls: certificates.client())
            try await anonymous.send(request)
            let text = try await anonymous.received { text, _ in text.contains("\r\n\r\n") }
            #expect(text.hasPrefix(length > 100 ? "HTTP/1.1 401 " : "HTTP/1.1 200 "))
        }
    }

    @Test("a responder may have the connection closed after its answer")
    func closing() async throws {
        var responder = TestResponder()
        responder.immediately = { _ in
            var response = HTTPResponse.text(.unauthorized, "who are you?")
            response.headers.add(name: "Connection", value: "close")
            return response
        }
        try await withServer(responder) { server in
            let connection = try await RawConnection.connect(port: server.port)
            try await connection.send(Self.get + Self.get)
            let text = try await connection.receivedUntilClosed()
            #expect(text.components("HTTP/1.1 401").count == 2)
            #expect(text.components("Connection: close\r\n").count == 2)
        }
    }

    @Test(
        "requests that two servers could understand differently are refused",
        arguments: [
            "Content-Length: 4\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 4",
            "Content-Length: 4\r\nContent-Length: 5", "Content-Length: 4, 5", "Content-Length: +4",
            "Content-Length: -1", "Content-Length: 0x4", "Content-Length : 4", "Transfer-Encoding: chunked, identity",
            "Transfer-Encoding: xchunked", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
            " Content-Length: 4", "X: a\rb", "X: a\u{0}b", "X\u{0}: a",
        ])
    func smuggling(headers: String) async throws {
        try await withServer(configuration: HTTPServerLimitTests.small) { server in
            let connection = try await RawConnection.connect(port: server.port)
            try await connection.send(
                "POST /outer HTTP/1.1\r\nHost: x\r\n\(headers)\r\n\r\n0\r\n\r\nGET /inner HTTP/1.1\r\nHost: x\r\n\r\n")
            let text = try await connection.receivedUntilClosed()
            #expect(text.hasPrefix("HTTP/1.1 400 "), "\(text)")
            #expect(!text.contains("/inner"))
        }
    }

    @Test(
        "chunks that are no chunks are refused",
        arguments: [
            "zz\r\nab\r\n", "-1\r\nab\r\n", "fffffffffffffffff\r\n", "2\r\nabc\r\n",
            "0x2\r\nab\r\n", " 2\r\nab\r\n",
        ])
    func badChunks(chunk: String) async throws {
        try await withServer(configuration: HTTPServerLimitTests.small) { server in
            let connection = try await RawConnection.connect(port: server.port)
            try await connection.send(
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n\(chunk)0\r\n\r\n")
            let text = try await connection.receivedUntilClosed()
            #expect(text.hasPrefix("HTTP/1.1 400 ") || text.hasPrefix("HTTP/1.1 413 "), "\(text)")
        }
    }

    @Test("what is no TLS, or an old one, is refused at once", arguments: [0x01, 0x02] as [UInt8])
    func oldTLS(minor: UInt8) async throws {
        let certificates = try TestCertificates.shared.get()
        try await withServer(tls: certificates.server) { server in
            // A ClientHello of TLS 1.0 or 1.1: version, random, no session, two cipher suites, no compression.
            let body: [UInt8] =
                [0x03, minor] + [UInt8](repeating: 7, count: 32) + [0, 0, 4, 0x00, 0x2F, 0xC0, 0x14, 1, 0]
            let handshake: [UInt8] = [1, 0, 0, UInt8(body.count)] + body
            let old = try await RawConnection.connect(port: server.port)
            try await old.send(bytes: [0x16, 0x03, 0x01, 0, UInt8(handshake.count)] + handshake)
            let answer = try await old.receivedUntilClosed(within: .seconds(5)).utf8
            // A fatal alert: protocol_version.
            #expect(answer.first == 0x15)
            #expect(answer.last == 70)
            let plain = try await RawConnection.connect(port: server.port)
            try await plain.send(Self.get)
            let words = try await plain.receivedUntilClosed(within: .seconds(5))
            #expect(!words.contains("200"))
        }
    }
}
