import NIOCore
import NIOPosix
import Synchronization

/// Stands between a dialler and a listener on loopback: counts what passes, delays it, cuts it.
///
/// Counted are the bytes of TCP's streams, which are TLS's records: without the headers of TCP and IP.
final class Relay: Sendable {
    /// What has happened until now.
    struct Traffic: Sendable {
        var bytes = 0
        /// When the last connection was taken.
        var connectedAt: ContinuousClock.Instant?
        /// When the last piece came that is more than a sign of life.
        var lastPieceAt: ContinuousClock.Instant?
    }

    private struct State {
        var traffic = Traffic()
        var isCut = false
        var channels: [ObjectIdentifier: any Channel] = [:]
    }

    /// Pings, pongs and probes are shorter, one or two of them in one piece as well.
    private static let signOfLife = 300

    private let state = Mutex(State())
    private let listener = Mutex<(any Channel)?>(nil)

    /// - Parameters:
    ///   - port: of the listener on loopback.
    ///   - roundTripDelay: added to each round trip, half of it each way; to that of TCP's handshake as well.
    static func start(to port: Int, roundTripDelay: TimeAmount = .zero) async throws -> Relay {
        let relay = Relay()
        let oneWay = TimeAmount.nanoseconds(roundTripDelay.nanoseconds / 2)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { near in
                guard relay.take(near) else { return near.eventLoop.makeFailedFuture(BenchmarkFailure("cut")) }
                return near.eventLoop.flatScheduleTask(in: roundTripDelay) {
                    relay.connect(near, to: port, oneWay)
                }.futureResult
            }
            .bind(host: "127.0.0.1", port: 0).get()
        relay.listener.withLock { $0 = channel }
        return relay
    }

    private func connect(_ near: any Channel, to port: Int, _ delay: TimeAmount) -> EventLoopFuture<Void> {
        ClientBootstrap(group: near.eventLoop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { far in
                far.eventLoop.makeCompletedFuture {
                    try far.pipeline.syncOperations.addHandler(RelayedDirection(to: near, delay, self))
                    try near.pipeline.syncOperations.addHandler(RelayedDirection(to: far, delay, self))
                }
            }
            .connect(host: "127.0.0.1", port: port)
            .flatMap { _ in near.setOption(.autoRead, value: true) }
            .flatMapError { error in
                near.close(promise: nil)
                return near.eventLoop.makeFailedFuture(error)
            }
    }

    var port: Int { listener.withLock { $0?.localAddress?.port ?? 0 } }
    var traffic: Traffic { state.withLock { $0.traffic } }

    /// Ends all connections; new ones end at once until ``mend()``.
    func cut() {
        let channels = state.withLock { state in
            state.isCut = true
            defer { state.channels = [:] }
            return state.channels.values
        }
        for channel in channels { channel.close(promise: nil) }
    }

    func mend() { state.withLock { $0.isCut = false } }

    func stop() async {
        cut()
        try? await listener.withLock { $0 }?.close()
    }

    private func take(_ channel: any Channel) -> Bool {
        let isTaken = state.withLock { state in
            guard !state.isCut else { return false }
            state.channels[ObjectIdentifier(channel)] = channel
            state.traffic.connectedAt = .now
            return true
        }
        if isTaken {
            channel.closeFuture.whenComplete { [self] _ in
                state.withLock { _ = $0.channels.removeValue(forKey: ObjectIdentifier(channel)) }
            }
        }
        return isTaken
    }

    fileprivate func note(_ bytes: Int) {
        state.withLock { state in
            state.traffic.bytes += bytes
            if bytes > Self.signOfLife { state.traffic.lastPieceAt = .now }
        }
    }
}

/// Passes on what comes from one side. Bound to the event loop of both.
private final class RelayedDirection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let other: any Channel
    private let delay: TimeAmount
    private let relay: Relay

    init(to other: any Channel, _ delay: TimeAmount, _ relay: Relay) {
        self.other = other
        self.delay = delay
        self.relay = relay
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        relay.note(bytes.readableBytes)
        guard delay > .zero else { return other.writeAndFlush(bytes, promise: nil) }
        context.eventLoop.scheduleTask(in: delay) { [other] in other.writeAndFlush(bytes, promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        context.eventLoop.scheduleTask(in: delay) { [other] in other.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
