import JSONTree
import Sessions
import Synchronization
import Testing
import Wire

@testable import PeerTransport

@Suite(.timeLimit(.minutes(1)))
struct StreamTests {
    /// Serves streams: `echo`, `flood` (so many bytes), `fail`; refuses others.
    static func serve(_ connection: PeerConnection) async {
        await withDiscardingTaskGroup { group in
            for await event in connection.events {
                guard case .streamRequested(let request) = event else { continue }
                group.addTask {
                    switch request.kind {
                    case "echo":
                        let stream = request.accept()
                        try? await echo(stream)
                    case "flood":
                        let stream = request.accept()
                        let chunk = [UInt8](repeating: 7, count: 100_000)
                        for _ in 0..<(request.parameters["chunks"]?.int ?? 0) { try? await stream.write(chunk) }
                        stream.finish()
                        while let bytes = try? await stream.read() { _ = bytes }
                    case "farewell":
                        // Nobody holds the stream any more when the peer begins to read.
                        let stream = request.accept()
                        for _ in 0..<10 { try? await stream.write([UInt8](repeating: 3, count: 50_000)) }
                        stream.finish()
                    case "fail":
                        request.accept().cancel("no such log")
                    case "drop":
                        break
                    default:
                        request.refuse(code: "NotFound", message: "there is no \(request.kind)")
                    }
                }
            }
            group.cancelAll()
        }
    }

    static func echo(_ stream: PeerStream) async throws {
        for try await bytes in stream { try await stream.write(bytes) }
        stream.finish()
    }

    func connected(
        _ body: (PeerConnection) async throws -> Void, configuration: PeerTransportConfiguration = .init()
    ) async throws {
        let edge = try TestEdge { await Self.serve($0) }
        let listener = try await edge.listen(configuration)
        try await beside({ await listener.run() }) {
            let connection = try await TestHub().connect(edge, listener.port, configuration)
            try await body(connection)
            await connection.close()
        }
    }

    @Test("what is written comes back, in order, and both directions end on their own")
    func echo() async throws {
        try await connected { connection in
            let stream = try await connection.openStream(kind: "echo")
            var sent: [UInt8] = []
            var received: [UInt8] = []
            let reader = Task {
                var bytes: [UInt8] = []
                for try await chunk in stream { bytes += chunk }
                return bytes
            }
            for size in [1, 10, 40_000, 300_000, 2] {
                let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ size) }
                sent += bytes
                try await stream.write(bytes)
            }
            stream.finish()
            received = try await reader.value
            #expect(received == sent)
            await #expect(throws: StreamError.self) { try await stream.write([1]) }
        }
    }

    @Test("a reader that does not read holds up nobody else, and loses nothing (F12, A10)")
    func slowReader() async throws {
        try await connected { connection in
            let slow = try await connection.openStream(kind: "flood", parameters: ["chunks": 30])
            for _ in 0..<20 {
                let stream = try await connection.openStream(kind: "flood", parameters: ["chunks": 10])
                var count = 0
                for try await bytes in stream { count += bytes.count }
                stream.finish()
                #expect(count == 1_000_000)
            }
            #expect(await connection.roundTripTime() != nil)
            var count = 0
            for try await bytes in slow { count += bytes.count }
            slow.finish()
            #expect(count == 3_000_000)
        }
    }

    @Test("what was written and finished arrives, though the writer has let go of the stream")
    func farewell() async throws {
        try await connected { connection in
            let stream = try await connection.openStream(kind: "farewell")
            // Enough is written for the writer to be done with it.
            for _ in 0..<3 { #expect(await connection.answers(within: .seconds(10))) }
            var count = 0
            for try await bytes in stream { count += bytes.count }
            #expect(count == 500_000)
        }
    }

    @Test("a writer goes on while little waits, and stops when much does, until the peer reads")
    func bounded() async throws {
        try await connected { connection in
            let stream = try await connection.openStream(kind: "echo")
            let piece = [UInt8](repeating: 9, count: 50_000)
            let written = Atomic(0)
            let isDone = Atomic(false)
            let writer = Task {
                for _ in 0..<60 {
                    try await stream.write(piece)
                    written.add(piece.count, ordering: .relaxed)
                }
                stream.finish()
                isDone.store(true, ordering: .relaxed)
            }
            // The echo stops when its own direction is full: two windows, and what waits on either side.
            let window = SessionLimits().streamWindow
            #expect(await eventually { written.load(ordering: .relaxed) > window })
            for _ in 0..<20 { #expect(await connection.answers(within: .seconds(10))) }
            let (held, wasDone) = (written.load(ordering: .relaxed), isDone.load(ordering: .relaxed))
            #expect(held <= 2 * window + 2 * StreamPipe.mostUnsent + 3 * piece.count)
            #expect(!wasDone)
            var count = 0
            for try await bytes in stream { count += bytes.count }
            try await writer.value
            #expect(count == 60 * piece.count)
        }
    }

    @Test("whoever drains a stream waits for what was written, and breaks it off when cancelled")
    func drains() async throws {
        try await connected { connection in
            let stream = try await connection.openStream(kind: "echo")
            try await stream.write([1, 2, 3])
            try await stream.drain()
            let stalled = try await connection.openStream(kind: "echo")
            let window = SessionLimits().streamWindow
            let drain = Task {
                // More than both directions hold, and less than waits without holding up the writer.
                for _ in 0..<(4 * window / 50_000) { try await stalled.write([UInt8](repeating: 1, count: 50_000)) }
                try await stalled.drain()
            }
            drain.cancel()
            await #expect(throws: CancellationError.self) { try await drain.value }
            await #expect(throws: StreamError.self) { try await stalled.write([1]) }
        }
    }

    @Test("refusals and failures carry their words")
    func refusals() async throws {
        try await connected { connection in
            let refused = await #expect(throws: StreamError.self) {
                _ = try await connection.openStream(kind: "nonsense")
            }
            #expect(refused?.reason == "NotFound")
            #expect(refused?.message == "there is no nonsense")
            let dropped = await #expect(throws: StreamError.self) { _ = try await connection.openStream(kind: "drop") }
            #expect(dropped?.reason == "NotSupported")
            let stream = try await connection.openStream(kind: "fail")
            let failed = await #expect(throws: StreamError.self) { _ = try await stream.read() }
            #expect(failed?.message == "no such log")
        }
    }

    @Test("streams that are dropped make room for new ones")
    func dropped() async throws {
        var configuration = PeerTransportConfiguration()
        configuration.sessionLimits.streams = 8
        try await connected(
            { connection in
                for _ in 0..<100 {
                    // A place is free once the message about the last one has been sent.
                    let stream = try await connection.openStream(kind: "echo")
                    try await stream.write([1, 2, 3])
                }
            }, configuration: configuration)
    }

    @Test("too many streams are refused here, and the connection goes on")
    func tooMany() async throws {
        var configuration = PeerTransportConfiguration()
        configuration.sessionLimits.streams = 8
        try await connected(
            { connection in
                var streams: [PeerStream] = []
                for _ in 0..<8 { streams.append(try await connection.openStream(kind: "echo")) }
                let error = await #expect(throws: StreamError.self) {
                    _ = try await connection.openStream(kind: "echo")
                }
                #expect(error?.code == .tooMany)
                for stream in streams {
                    try await stream.write([1])
                    #expect(try await stream.read() == [1])
                }
            }, configuration: configuration)
    }

    @Test("the loss of the connection ends reads, writes and opens")
    func loss() async throws {
        try await connected { connection in
            let stream = try await connection.openStream(kind: "echo")
            let reader = Task { try await stream.read() }
            await connection.close()
            await #expect(throws: StreamError.self) { _ = try await reader.value }
            await #expect(throws: StreamError.self) { try await stream.write([1]) }
            await #expect(throws: StreamError.self) { _ = try await connection.openStream(kind: "echo") }
        }
    }

    @Test("a cancelled task stops waiting for a stream")
    func cancellation() async throws {
        try await connected { connection in
            let stream = try await connection.openStream(kind: "echo")
            let reader = Task { try await stream.read() }
            reader.cancel()
            await #expect(throws: CancellationError.self) { _ = try await reader.value }
            try await stream.write([5])
            #expect(try await stream.read() == [5])
        }
    }

    @Test("whoever accepts a stream that its opener did not wait for is told so, and does not wait for bytes for ever")
    func lateAcceptance() async throws {
        let requests = Collected<IncomingStream>()
        let edge = try TestEdge { connection in
            for await case .streamRequested(let request) in connection.events { requests.add(request) }
        }
        let listener = try await edge.listen()
        try await beside({ await listener.run() }) {
            let connection = try await TestHub().connect(edge, listener.port)
            let first = Task { try await connection.openStream(kind: "exec") }
            _ = await requests.wait()
            first.cancel()
            await #expect(throws: CancellationError.self) { _ = try await first.value }
            // What comes after it on the same connection.
            let second = Task { try await connection.openStream(kind: "exec") }
            let stream = try #require(await requests.wait(for: 2).first).accept()
            let error = await #expect(throws: StreamError.self) { _ = try await stream.read() }
            #expect(error?.code == .failed)
            second.cancel()
            await connection.close()
        }
    }

    @Test("a broken stream is noticed while nobody reads or writes, and the wait can be given up")
    func broken() async throws {
        try await connected { connection in
            let failing = try await connection.openStream(kind: "fail")
            await failing.waitUntilBroken()
            let open = try await connection.openStream(kind: "echo")
            let wait = Task { await open.waitUntilBroken() }
            wait.cancel()
            await wait.value
            let again = Task { await open.waitUntilBroken() }
            open.cancel("enough")
            await again.value
        }
    }

    @Test("streams that are to stay free are there for others")
    func spare() async throws {
        var configuration = PeerTransportConfiguration()
        configuration.sessionLimits.streams = 4
        try await connected(
            { connection in
                var streams: [PeerStream] = []
                for _ in 0..<3 { streams.append(try await connection.openStream(kind: "echo", leaving: 1)) }
                let error = await #expect(throws: StreamError.self) {
                    _ = try await connection.openStream(kind: "echo", leaving: 1)
                }
                #expect(error?.code == .tooMany)
                streams.append(try await connection.openStream(kind: "echo"))
                #expect(streams.count == 4)
            }, configuration: configuration)
    }

    @Test("words that are too long for a message are cut")
    func longWords() async throws {
        try await connected { connection in
            let stream = try await connection.openStream(kind: "echo")
            stream.cancel(String(repeating: "\u{1F600}", count: 10_000))
            // The connection has outlived it.
            let next = try await connection.openStream(kind: "echo")
            try await next.write([1])
            #expect(try await next.read() == [1])
        }
    }

    @Test("a reader that is cancelled stops, though there is always more to read")
    func endless() async throws {
        try await connected { connection in
            let flood = try await connection.openStream(kind: "flood", parameters: ["chunks": 1_000_000])
            let reader = Task { while try await flood.read() != nil {} }
            reader.cancel()
            await #expect(throws: CancellationError.self) { try await reader.value }
        }
    }
}
