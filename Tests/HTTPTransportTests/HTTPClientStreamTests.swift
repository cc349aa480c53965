import HTTPTransport
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import TestKit
import Testing

@Suite struct HTTPClientStreamTests {
    @Test("pieces arrive as they are written, and the body ends", arguments: [true, false])
    func pieces(overTLS: Bool) async throws {
        let certificates = try TestCertificates.shared.get()
        var responder = TestResponder()
        let (steps, next) = AsyncStream.makeStream(of: String.self)
        responder.respond = { _ in
            HTTPResponse(
                status: .ok, headers: ["X-Kind": "pieces"],
                body: .stream { writer in
                    for await step in steps { try await writer.write(ByteBuffer(string: step)) }
                })
        }
        try await withServer(responder, tls: overTLS ? certificates.server : nil) { server in
            let client = try HTTPClient(
                endpoint: HTTPEndpoint(isSecure: overTLS, host: "127.0.0.1", port: server.port),
                tls: overTLS ? try certificates.client() : nil, group: MultiThreadedEventLoopGroup.singleton)
            let stream = try await client.stream(HTTPClientRequest(.GET, "/"))
            #expect(stream.headers.first(name: "X-Kind") == "pieces")
            var received: [String] = []
            next.yield("0")
            for try await piece in stream.body {
                received.append(String(buffer: piece))
                if received.count < 5 { next.yield("\(received.count)") } else { next.finish() }
            }
            #expect(received == ["0", "1", "2", "3", "4"])
            try await eventually("the connection closes") { server.connectionCount == 0 }
        }
    }

    @Test("what is not read stays with the server, and is all there when it is read")
    func backpressure() async throws {
        let written = Atomic(0)
        let total = 64 * 1024 * 1024
        var responder = TestResponder()
        responder.respond = { _ in
            HTTPResponse(
                status: .ok,
                body: .stream { writer in
                    for _ in 0..<1024 {
                        try await writer.write(ByteBuffer(repeating: 1, count: total / 1024))
                        written.add(total / 1024, ordering: .relaxed)
                    }
                })
        }
        try await withServer(responder) { server in
            let client = try HTTPClientTests.client(port: server.port)
            let stream = try await client.stream(HTTPClientRequest(.GET, "/"))
            var last = -1
            // The writer has come to rest when it has not moved for a while.
            try await eventually("the writer waits") {
                try await Task.sleep(for: .milliseconds(50))
                defer { last = written.load(ordering: .relaxed) }
                return last > 0 && last == written.load(ordering: .relaxed)
            }
            #expect(last < total / 2)
            var count = 0
            for try await piece in stream.body { count += piece.readableBytes }
            #expect(count == total)
        }
    }

    enum Ending: CaseIterable {
        case cancelTask, cancelStream, drop, stopIterating
    }

    @Test(
        "however the consumer stops, the connection closes and the server's task is cancelled",
        arguments: Ending.allCases)
    func stop(ending: Ending) async throws {
        let isCancelled = Atomic(false)
        var responder = TestResponder()
        responder.respond = { _ in
            HTTPResponse(
                status: .ok,
                body: .stream { writer in
                    try await writer.write(ByteBuffer(string: "x"))
                    try? await Task.sleep(for: .seconds(60))
                    isCancelled.store(Task.isCancelled, ordering: .releasing)
                })
        }
        try await withServer(responder) { server in
            let client = try HTTPClientTests.client(port: server.port)
            let (started, start) = AsyncStream.makeStream(of: Void.self)
            let task = Task {
                let stream = try await client.stream(HTTPClientRequest(.GET, "/"))
                if ending == .drop { return }
                for try await _ in stream.body {
                    start.yield()
                    if ending == .stopIterating { break }
                    if ending == .cancelStream { stream.cancel() }
                }
            }
            switch ending {
            case .cancelTask:
                for await _ in started { break }
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
            case .cancelStream:
                await #expect(throws: HTTPTransportError.self) { try await task.value }
            case .drop, .stopIterating:
                try await task.value
            }
            try await eventually("the server's task is cancelled") { isCancelled.load(ordering: .acquiring) }
        }
    }

    @Test("a connection that breaks in the middle of a body is an error, not its end")
    func broken() async throws {
        let half = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nha"
        try await ScriptedServer.run([.answerAndClose(half)]) { server in
            let client = try HTTPClientTests.client(port: server.port)
            let stream = try await client.stream(HTTPClientRequest(.GET, "/"))
            let error = try await HTTPClientTests.failure { _ = try await stream.collect(upTo: 100) }
            #expect(error.code == .connectionClosed)
        }
    }
}
