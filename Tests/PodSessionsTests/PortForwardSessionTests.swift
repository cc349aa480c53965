import ClusterAPI
import HTTPTransport
import JSONTree
import KubernetesModel
import NIOCore
import Synchronization
import TestKit
import Testing

@testable import PodSessions

/// A node whose port 7 sends everything back, whose port 9 takes nothing, and which has no other.
private final class EchoingNode: NodeEndpoint {
    let open = Mutex(0)

    func podLogs(_ pod: KubernetesObject, _ options: LogOptions) async throws -> AsyncThrowingStream<[UInt8], any Error>
    { throw APIError.internalError("no logs here") }

    func forward(_ pod: KubernetesObject, port: Int, _ client: ByteStreams) async throws {
        open.withLock { $0 += 1 }
        defer { open.withLock { $0 -= 1 } }
        switch port {
        case 7:
            while let bytes = try await client.receive() { try await client.send(bytes) }
            try await client.send([])
        case 9: try await Task.sleep(for: .seconds(1000))
        default:
            throw APIError(code: 500, reason: .internalError, message: "failed to connect to localhost:\(port)")
        }
    }
}

/// The other end of a session, as kubectl behaves.
private final class ForwardingClient: Sendable {
    let node = EchoingNode()
    /// What came, in order.
    let frames = Mutex<[SPDYFrame]>([])
    private let inputs: AsyncStream<ByteBuffer>
    private let input: AsyncStream<ByteBuffer>.Continuation
    private let codec: Codec

    /// Unchecked: the test's task alone encodes, and the lock is held for decoding.
    private final class Codec: @unchecked Sendable {
        let encoder: SPDYFrameEncoder
        private var decoder: SPDYFrameDecoder
        private let lock = Mutex(())

        init() throws {
            encoder = try SPDYFrameEncoder()
            decoder = try SPDYFrameDecoder()
        }

        func decode(_ message: ByteBuffer) throws -> [SPDYFrame] {
            try lock.withLock { _ in
                decoder.append(message.readableBytesView)
                var result: [SPDYFrame] = []
                while let frame = try decoder.next() { result.append(frame) }
                return result
            }
        }
    }

    init() throws {
        (inputs, input) = AsyncStream.makeStream()
        codec = try Codec()
    }

    func send(_ frame: SPDYFrame) throws { input.yield(ByteBuffer(bytes: try codec.encoder.encode(frame))) }

    func send(raw bytes: [UInt8]) { input.yield(ByteBuffer(bytes: bytes)) }

    func leave() { input.finish() }

    /// Opens a connection; the stream of data has the next number.
    func connect(_ port: Int, error: UInt32, request: Int) throws {
        for (id, type) in [(error, "error"), (error + 2, "data")] {
            try send(
                .synStream(
                    stream: id, headers: ["streamtype": type, "port": "\(port)", "requestid": "\(request)"],
                    isLast: type == "error"))
        }
    }

    func run(bytes: ForwardedBytes = ForwardedBytes()) async throws {
        let pod = KubernetesObject(.pods, name: "web", namespace: "default", ["metadata": ["uid": "u-1"]])
        await PortForwardSession(pod: pod, endpoint: node, bytes: bytes).run(
            SPDYPeer(
                receive: { [inputs] in
                    var iterator = inputs.makeAsyncIterator()
                    return await iterator.next()
                },
                send: { message in
                    let new = try self.codec.decode(message)
                    self.frames.withLock { $0 += new }
                }))
    }

    /// What came of a stream, joined, and whether it has ended.
    func received(_ id: UInt32) -> (bytes: [UInt8], isOver: Bool) {
        frames.withLock { frames in
            var result: (bytes: [UInt8], isOver: Bool) = ([], false)
            for case .data(id, let bytes, let isLast) in frames {
                result.bytes += bytes
                result.isOver = result.isOver || isLast
            }
            return result
        }
    }
}

struct PortForwardSessionTests {
    private static func with(
        bytes: ForwardedBytes = ForwardedBytes(), _ body: (ForwardingClient) async throws -> Void
    ) async throws {
        let client = try ForwardingClient()
        async let session: Void = client.run(bytes: bytes)
        do { try await body(client) } catch {
            client.leave()
            throw error
        }
        client.leave()
        try await session
        #expect(client.node.open.withLock { $0 } == 0)
    }

    @Test("connections carry bytes both ways beside each other, and end with an empty error stream")
    func echo() async throws {
        try await Self.with { client in
            try client.connect(7, error: 1, request: 0)
            try client.connect(7, error: 5, request: 1)
            try client.send(.data(stream: 3, bytes: [1, 2], isLast: false))
            try client.send(.data(stream: 7, bytes: [9], isLast: true))
            try client.send(.data(stream: 3, bytes: [3], isLast: true))
            try await eventually("both end") { client.received(1).isOver && client.received(5).isOver }
            #expect(client.received(3) == ([1, 2, 3], true))
            #expect(client.received(7) == ([9], true))
            #expect(client.received(1).bytes.isEmpty)
            let replies = client.frames.withLock { $0.filter { if case .synReply = $0 { true } else { false } } }
            #expect(replies.count == 4)
        }
    }

    @Test("where nobody listens, the error stream says so")
    func refused() async throws {
        try await Self.with { client in
            try client.connect(81, error: 1, request: 0)
            try await eventually("it ends") { client.received(1).isOver && client.received(3).isOver }
            #expect(
                String(decoding: client.received(1).bytes, as: UTF8.self)
                    == "error forwarding port 81 to pod web, uid u-1: failed to connect to localhost:81"
            )
        }
    }

    @Test("a connection that its client resets ends at once, although the pod would go on")
    func reset() async throws {
        try await Self.with { client in
            try client.connect(9, error: 1, request: 0)
            try await eventually("it is open") { client.node.open.withLock { $0 } == 1 }
            try client.send(.reset(stream: 3, status: 5))
            try await eventually("it is closed") { client.node.open.withLock { $0 } == 0 && client.received(1).isOver }
            #expect(client.received(1).bytes.isEmpty)
        }
    }

    @Test("a connection that takes nothing is ended when it holds up others, and only then")
    func stalled() async throws {
        let bytes = ForwardedBytes(limit: 1000, patience: .milliseconds(50))
        try await Self.with(bytes: bytes) { client in
            try client.connect(9, error: 1, request: 0)
            try client.send(.data(stream: 3, bytes: [UInt8](repeating: 1, count: 900), isLast: false))
            try client.connect(7, error: 5, request: 1)
            try client.send(.data(stream: 3, bytes: [UInt8](repeating: 1, count: 900), isLast: false))
            try client.send(.data(stream: 7, bytes: [4], isLast: true))
            try await eventually("the other goes on") { client.received(5).isOver }
            #expect(client.received(7).bytes == [4])
            #expect(client.frames.withLock { $0.contains(.reset(stream: 3, status: 5)) })
        }
    }

    @Test("pings are answered, and a stream without a partner, a port or a type is reset")
    func odd() async throws {
        try await Self.with { client in
            try client.send(.ping(6))
            try client.send(.synStream(stream: 1, headers: ["streamtype": "data", "port": "7"], isLast: false))
            try client.send(.synStream(stream: 3, headers: ["streamtype": "error", "port": "0"], isLast: false))
            try client.send(.synStream(stream: 5, headers: ["streamtype": "other", "port": "7"], isLast: false))
            try client.send(.data(stream: 99, bytes: [1], isLast: false))
            try await eventually("all are answered") { client.frames.withLock { $0.count } == 4 }
            #expect(
                client.frames.withLock { $0 } == [
                    .ping(6), .reset(stream: 1, status: 1), .reset(stream: 3, status: 3), .reset(stream: 5, status: 1),
                ])
        }
    }

    @Test("streams beyond the limit are refused")
    func flood() async throws {
        try await Self.with { client in
            for number in 0...PortForwardSession.maxStreams {
                try client.send(
                    .synStream(
                        stream: UInt32(number * 2 + 1),
                        headers: ["streamtype": "error", "port": "7", "requestid": "\(number)"], isLast: true))
            }
            try await eventually("all are answered") {
                client.frames.withLock { $0.count } == PortForwardSession.maxStreams + 1
            }
            #expect(
                client.frames.withLock { $0.last }
                    == .reset(stream: UInt32(PortForwardSession.maxStreams * 2 + 1), status: 3))
        }
    }

    @Test(
        "a client that breaks the protocol loses its session, and its connections end",
        arguments: [[0x80, 3, 0, 6, 0, 0, 0, 1], [0x80, 2, 0, 6, 0, 0, 0, 4, 0, 0, 0, 0]] as [[UInt8]])
    func broken(bytes: [UInt8]) async throws {
        let client = try ForwardingClient()
        try client.connect(9, error: 1, request: 0)
        client.send(raw: bytes)
        client.send(raw: [0, 0, 0, 0, 0])
        try await client.run()
        #expect(client.node.open.withLock { $0 } == 0)
    }

    @Test("a stream's number that does not rise ends the session")
    func reused() async throws {
        let client = try ForwardingClient()
        try client.connect(9, error: 1, request: 0)
        try client.connect(9, error: 1, request: 1)
        try await client.run()
        #expect(client.node.open.withLock { $0 } == 0)
    }
}
