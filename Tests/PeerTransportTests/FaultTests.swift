import NIOCore
import NIOPosix
import PeerTransport
import Sessions
import TLSTransport
import Testing
import Wire

/// Peers that break the rules, fall silent or hold on to places.
@Suite(.timeLimit(.minutes(1)))
struct FaultTests {
    static let group = MultiThreadedEventLoopGroup.singletonMultiThreadedEventLoopGroup

    /// A connection on which a test says what it likes, TLS done.
    static func raw(_ port: Int, _ tls: TLSContext?, _ log: Collected<[UInt8]>) async throws -> any Channel {
        try await ClientBootstrap(group: group).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                if let tls { try channel.pipeline.syncOperations.addHandler(TLSHandler(context: tls)) }
                try channel.pipeline.syncOperations.addHandler(Recorder(log))
            }
        }.connect(host: "127.0.0.1", port: port).get()
    }

    /// The last message that came, unless it was a stream's.
    static func lastError(_ log: Collected<[UInt8]>) -> ErrorMessage? {
        var decoder = FrameDecoder()
        var frames: [Frame] = []
        try? decoder.decode(log.all.flatMap { $0 }, into: &frames)
        for frame in frames.reversed() {
            if case .error(let error)? = try? Message(parsing: frame.payload) { return error }
        }
        return nil
    }

    @Test(
        "frames of no length, beyond the cap and of an unknown kind end an unknown peer's connection with a word (F13)",
        arguments: [
            ([0, 0, 0, 0, 0], ErrorMessage.Code.protocolViolation), ([255, 255, 255, 255, 0], .limit),
            ([0, 1, 0, 1, 0], .limit), ([0, 0, 0, 5, 9], .protocolViolation),
            ([0, 0, 0, 3, 0, 0x7b, 0x7d], .protocolViolation), ([0, 0, 0, 3, 0, 0xff, 0xff], .protocolViolation),
            ([0, 0, 0, 3, 1, 0xff, 0xff], .protocolViolation), ([0, 0, 0, 2, 2, 1], .protocolViolation),
        ] as [([UInt8], ErrorMessage.Code)])
    func brokenFrames(bytes: [UInt8], code: ErrorMessage.Code) async throws {
        let edge = try TestEdge()
        let listener = try await edge.listen()
        try await beside({ await listener.run() }) {
            let tls = try PeerTLS.enrolment(
                authorityPin: edge.authority.certificate.subjectPublicKeyInfoSHA256, peerClusterID: nil)
            let log = Collected<[UInt8]>()
            let channel = try await Self.raw(listener.port, tls, log)
            channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
            try await channel.closeFuture.get()
            #expect(Self.lastError(log)?.code == code)
            #expect(await eventually { listener.halfOpenCount == 0 })
        }
    }

    @Test("a known peer that breaks the rules is told so, and another one is not touched (F8)")
    func brokenSession() async throws {
        let edge = try TestEdge()
        let listener = try await edge.listen()
        try await beside({ await listener.run() }) {
            let good = try await TestHub(clusterName: "good").connect(edge, listener.port)
            let log = Collected<[UInt8]>()
            let channel = try await Self.raw(listener.port, try TestHub().context(for: edge), log)
            func say(_ message: Message) throws {
                channel.writeAndFlush(
                    ByteBuffer(bytes: try Frame(.message, message.encoded).encoded()), promise: nil)
            }
            try say(.hello(TestHub().hello()))
            try say(.ping(PingMessage(id: 1)))
            _ = await edge.connections.wait(for: 2)
            try say(.desired(DesiredMessage(sequence: 5)))
            try await channel.closeFuture.get()
            #expect(Self.lastError(log)?.code == .protocolViolation)
            let stream = try? await good.openStream(kind: "x")
            #expect(stream == nil)
            #expect(await good.roundTripTime() != nil)
            await good.close()
        }
    }

    @Test("places for connections that prove nothing are few, and are given back when their time is over (F12)")
    func halfOpen() async throws {
        let edge = try TestEdge()
        var configuration = PeerTransportConfiguration()
        configuration.admissionTimeout = .milliseconds(300)
        let listener = try await edge.listen(configuration, halfOpen: .init(all: 10, perAddress: 5))
        try await beside({ await listener.run() }) {
            let log = Collected<[UInt8]>()
            var channels: [any Channel] = []
            for _ in 0..<20 { channels.append(try await Self.raw(listener.port, nil, log)) }
            #expect(listener.halfOpenCount <= 5)
            for channel in channels { try? await channel.closeFuture.get() }
            #expect(await eventually { listener.halfOpenCount == 0 })
            let connection = try await TestHub().connect(edge, listener.port)
            await connection.close()
        }
    }

    @Test("a listener that has no room for another connection costs nobody a token (F22)")
    func noRoom() async throws {
        let edge = try TestEdge()
        let hub = TestHub()
        let listener = try await edge.listen(halfOpen: .init(all: 1, perAddress: 1))
        try await beside({ await listener.run() }) {
            let dialler = hub.dialler(listener.port)
            let token = try edge.makeToken()
            func enrol() async throws -> PeerEnrolment {
                try await dialler.enrol(
                    token, clusterID: hub.clusterID, clusterName: hub.clusterName, role: .hub,
                    peerClusterID: edge.clusterID)
            }
            let other = try await Self.raw(listener.port, nil, Collected<[UInt8]>())
            #expect(await eventually { listener.halfOpenCount == 1 })
            do {
                _ = try await enrol()
                Issue.record("there was room")
            } catch let error as PeerDialError {
                #expect(error.isTransient, "\(error)")
            }
            try await other.close()
            #expect(await eventually { listener.halfOpenCount == 0 })
            #expect(try await enrol().clusterName == "rome")
        }
    }

    @Test("a peer that falls silent is suspect, then lost, on both sides of a cut")
    func silence() async throws {
        var configuration = PeerTransportConfiguration()
        configuration.timings = LivenessTimings(
            pingInterval: .milliseconds(50), suspectAfter: .milliseconds(150), deadAfter: .milliseconds(400))
        let ends = Collected<String>()
        let edge = try TestEdge { connection in
            for await event in connection.events {
                if case .lost(let end) = event { ends.add("edge \(end.code.rawValue)") }
            }
        }
        let listener = try await edge.listen(configuration)
        let relay = try await Relay.start(to: listener.port)
        try await beside({ await listener.run() }) {
            let connection = try await TestHub().connect(edge, relay.port, configuration)
            #expect(await eventually { await connection.roundTripTime() != nil })
            let start = ContinuousClock.now
            relay.cut()
            var seen: [String] = []
            for await event in connection.events {
                switch event {
                case .suspected: seen.append("suspected")
                case .lost(let end): seen.append(end.code.rawValue)
                default: break
                }
            }
            #expect(seen == ["suspected", "silent"])
            #expect(ContinuousClock.now - start >= .milliseconds(300))
            #expect(await ends.wait() == ["edge silent"])
        }
        await relay.stop()
    }

    @Test("an idle connection stays, and its round trips are measured")
    func idle() async throws {
        var configuration = PeerTransportConfiguration()
        configuration.timings = LivenessTimings(
            pingInterval: .milliseconds(20), suspectAfter: .milliseconds(500), deadAfter: .milliseconds(1000))
        let edge = try TestEdge()
        let listener = try await edge.listen(configuration)
        try await beside({ await listener.run() }) {
            let connection = try await TestHub().connect(edge, listener.port, configuration)
            try await Task.sleep(for: .milliseconds(1500))
            #expect(await connection.roundTripTime() != nil)
            await connection.close()
        }
    }
}

/// Keeps what comes.
private final class Recorder: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let log: Collected<[UInt8]>
    init(_ log: Collected<[UInt8]>) { self.log = log }
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        log.add(Array(unwrapInboundIn(data).readableBytesView))
    }
    func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}
