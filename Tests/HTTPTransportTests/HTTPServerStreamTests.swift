import HTTPTransport
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import TestKit
import Testing

@Suite struct HTTPServerStreamTests {
    @Test("a streamed body arrives piece by piece, chunked, and ends with the last chunk")
    func stream() async throws {
        var responder = TestResponder()
        let (steps, next) = AsyncStream.makeStream(of: String.self)
        responder.respond = { _ in
            HTTPResponse(
                status: .ok,
                body: .stream { writer in
                    for await step in steps { try await writer.write(ByteBuffer(string: step)) }
                })
        }
        try await withServer(responder) { server in
            let connection = try await RawConnection.connect(port: server.port)
            try await connection.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            try await connection.received { text, _ in text.hasSuffix("Transfer-Encoding: chunked\r\n\r\n") }
            next.yield("one")
            try await connection.received { text, _ in text.hasSuffix("\r\n3\r\none\r\n") }
            next.yield("three")
            next.finish()
            try await connection.received { text, _ in text.hasSuffix("\r\n5\r\nthree\r\n0\r\n\r\n") }
        }
    }

    @Test("HTTP/1.0 gets a streamed body unchunked, ended by the connection's end")
    func oldClient() async throws {
        var responder = TestResponder()
        responder.immediately = { _ in
            HTTPResponse(status: .ok, body: .stream { try await $0.write(ByteBuffer(string: "body")) })
        }
        try await withServer(responder) { server in
            let connection = try await RawConnection.connect(port: server.port)
            try await connection.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            let text = try await connection.receivedUntilClosed()
            #expect(text.hasPrefix("HTTP/1.0 200 OK\r\n"))
            #expect(!text.contains("chunked"))
            #expect(text.hasSuffix("\r\n\r\nbody"))
        }
    }

    @Test("a body of known length is not chunked, and the connection goes on")
    func sized() async throws {
        var responder = TestResponder()
        responder.immediately = { request in
            guard request.path == "/sized" else { return .text(.ok, "next") }
            return HTTPResponse(
                status: .ok,
                body: .sized(8) { writer in
                    try await writer.write(ByteBuffer(string: "one"))
                    try await writer.write(ByteBuffer(string: "three"))
                })
        }
        try await withServer(responder) { server in
            let connection = try await RawConnection.connect(port: server.port)
            try await connection.send("HEAD /sized HTTP/1.1\r\nHost: x\r\n\r\n")
            try await connection.received { text, _ in text.hasSuffix("Content-Length: 8\r\n\r\n") }
            try await connection.send("GET /sized HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n")
            try await connection.received { text, _ in
                text.contains("Content-Length: 8\r\n\r\nonethreeHTTP/1.1 200 OK") && text.hasSuffix("next")
            }
        }
    }

    @Test("a body of another length than was said is cut, with its connection", arguments: [2, 20])
    func wrongSize(written: Int) async throws {
        var responder = TestResponder()
        responder.respond = { _ in
            HTTPResponse(
                status: .ok,
                body: .sized(8) { writer in
                    try await writer.write(ByteBuffer(repeating: UInt8(ascii: "x"), count: written))
                })
        }
        try await withServer(responder) { server in
            let connection = try await RawConnection.connect(port: server.port)
            try await connection.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            let text = try await connection.receivedUntilClosed()
            #expect(!text.hasSuffix(String(repeating: "x", count: 8)))
        }
    }

    @Test("a body whose producer fails has no end, and the connection closes")
    func failingProducer() async throws {
        struct Failure: Error {}
        var responder = TestResponder()
        responder.respond = { _ in
            HTTPResponse(
                status: .ok,
                body: .stream { writer in
                    try await writer.write(ByteBuffer(string: "some"))
                    throw Failure()
                })
        }
        try await withServer(responder) { server in
            let connection = try await RawConnection.connect(port: server.port)
            try await connection.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            let text = try await connection.receivedUntilClosed()
            #expect(!text.hasSuffix("0\r\n\r\n"))
        }
    }

    @Test("a client that goes away cancels its response's task", arguments: [true, false])
    func disconnect(streams: Bool) async throws {
        let isCancelled = Atomic(false)
        let isRunning = Atomic(false)
        let wait: @Sendable () async -> Void = {
            isRunning.store(true, ordering: .releasing)
            try? await Task.sleep(for: .seconds(60))
            isCancelled.store(Task.isCancelled, ordering: .releasing)
        }
        var responder = TestResponder()
        responder.respond = { _ in
            if streams { return HTTPResponse(status: .ok, body: .stream { _ in await wait() }) }
            await wait()
            return .text(.ok, "late")
        }
        try await withServer(responder) { server in
            let connection = try await RawConnection.connect(port: server.port)
            try await connection.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            try await eventually("the response runs") { isRunning.load(ordering: .acquiring) }
            try await connection.close()
            try await eventually("the task is cancelled") { isCancelled.load(ordering: .acquiring) }
        }
    }

    @Test("a client that does not read is cut off; meanwhile writes to it wait and others are served")
    func slowReader() async throws {
        let written = Atomic(0)
        let failure = Mutex<(any Error)?>(nil)
        var responder = TestResponder()
        responder.respond = { request in
            guard request.path == "/endless" else { return .text(.ok, "quick") }
            return HTTPResponse(
                status: .ok,
                body: .stream { writer in
                    do {
                        while true {
                            try await writer.write(ByteBuffer(repeating: 0, count: 64 * 1024))
                            written.add(64 * 1024, ordering: .relaxed)
                        }
                    } catch {
                        failure.withLock { $0 = error }
                        throw error
                    }
                })
        }
        var configuration = HTTPServerConfiguration()
        configuration.writeTimeout = .milliseconds(500)
        try await withServer(responder, configuration: configuration) { server in
            let slow = try await RawConnection.connect(port: server.port, reads: false)
            try await slow.send("GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
            let quick = try await RawConnection.connect(port: server.port)
            try await quick.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            try await quick.received { text, _ in text.hasSuffix("quick") }
            try await eventually("the slow client is cut off") { failure.withLock { $0 != nil } }
            #expect((failure.withLock { $0 } as? HTTPTransportError)?.code == .writeTimeout)
            // Loopback sockets hold some megabytes; without backpressure this would be far more.
            #expect(written.load(ordering: .relaxed) < 64 * 1024 * 1024)
            try? await slow.close()
        }
    }

    @Test("a slow client that keeps reading is served to the end")
    func slowButSteadyReader() async throws {
        var responder = TestResponder()
        responder.respond = { _ in
            HTTPResponse(
                status: .ok,
                body: .stream { writer in
                    for _ in 0..<64 { try await writer.write(ByteBuffer(repeating: UInt8(ascii: "x"), count: 65536)) }
                })
        }
        try await withServer(responder) { server in
            let connection = try await RawConnection.connect(port: server.port, receiveBuffer: 4096)
            try await connection.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            let text = try await connection.received { text, _ in
                text.utf8.suffix(7).elementsEqual("\r\n0\r\n\r\n".utf8)
            }
            #expect(text.utf8.count { $0 == UInt8(ascii: "x") } == 64 * 65536)
        }
    }

    @Test("closing the server ends streams, lets requests finish, and returns when all is closed")
    func gracefulClose() async throws {
        let isRunning = Atomic(0)
        let (mayFinish, finish) = AsyncStream.makeStream(of: Void.self)
        var responder = TestResponder()
        responder.respond = { request in
            isRunning.add(1, ordering: .releasing)
            if request.path == "/watch" {
                return HTTPResponse(status: .ok, body: .stream { _ in try? await Task.sleep(for: .seconds(60)) })
            }
            for await _ in mayFinish {}
            return .text(.ok, "finished")
        }
        try await withServer(responder) { server in
            let idle = try await RawConnection.connect(port: server.port)
            let watch = try await RawConnection.connect(port: server.port)
            try await watch.send("GET /watch HTTP/1.1\r\nHost: x\r\n\r\n")
            let request = try await RawConnection.connect(port: server.port)
            try await request.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            try await eventually("everything runs") {
                isRunning.load(ordering: .acquiring) == 2 && server.connectionCount == 3
            }
            let start = ContinuousClock.now
            async let closed: Void = server.close(grace: .seconds(10))
            #expect(try await idle.receivedUntilClosed().isEmpty)
            #expect(try await watch.receivedUntilClosed().hasSuffix("\r\n\r\n0\r\n\r\n"))
            try await eventually("only the request is left") { server.connectionCount == 1 }
            finish.finish()
            await closed
            #expect(ContinuousClock.now - start < .seconds(5))
            #expect(server.connectionCount == 0)
            let answer = try await request.receivedUntilClosed()
            #expect(answer.contains("Connection: close\r\n"))
            #expect(answer.hasSuffix("finished"))
        }
    }
}
