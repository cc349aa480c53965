public import Logging
public import NIOCore
import NIOPosix
import Sessions
public import TLSTransport
import Wire

/// Accepts peers on one TCP port: enrolments without a certificate, sessions with one.
public final class PeerListener: Sendable {
    /// How many places there are for connections that have proved nothing yet.
    public struct HalfOpenLimits: Sendable, Hashable {
        /// 1,024 unless told: a thousand peers may come back at once.
        public var all: Int
        /// 256 unless told: so many peers behind one address.
        public var perAddress: Int

        public init(all: Int = 1024, perAddress: Int = 256) {
            self.all = all
            self.perAddress = perAddress
        }
    }

    private let channel: any Channel
    private let acceptor: any PeerAcceptor
    private let connections: AsyncStream<PeerConnection>
    private let halfOpen: HalfOpenConnections
    private let logger: Logger

    private init(
        channel: any Channel, acceptor: any PeerAcceptor, connections: AsyncStream<PeerConnection>,
        halfOpen: HalfOpenConnections, logger: Logger
    ) {
        self.channel = channel
        self.acceptor = acceptor
        self.connections = connections
        self.halfOpen = halfOpen
        self.logger = logger
    }

    /// Binds the port. Connections are accepted from now on, and served once ``run()`` runs.
    ///
    /// - Parameters:
    ///   - address: port 0 takes any free one.
    ///   - tls: made by ``PeerTLS/listener(identity:authorities:handshakeTimeout:isRevoked:)``; taken anew for each connection.
    /// - Throws: ``PeerListenerError`` with the address and what to do.
    public static func bind(
        _ address: PeerAddress, tls: TLSContextBox, acceptor: any PeerAcceptor,
        configuration: PeerTransportConfiguration = PeerTransportConfiguration(),
        halfOpen limits: HalfOpenLimits = HalfOpenLimits(), group: any EventLoopGroup, logger: Logger
    ) async throws -> PeerListener {
        let (stream, continuation) = AsyncStream<PeerConnection>.makeStream()
        let halfOpen = HalfOpenConnections(limit: limits.all, limitPerAddress: limits.perAddress)
        var bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.writeBufferWaterMark, value: .peer)
            .childChannelOption(.recvAllocator, value: AdaptiveRecvByteBufferAllocator.peer)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let place = halfOpen.enter(CallerNetwork(channel.remoteAddress?.ipAddress ?? "")) else {
                        throw PeerSessionEnd(.limit, "too many connections have not proved who they are")
                    }
                    let codec = PeerCodecHandler(
                        limits: configuration.unauthenticatedLimits, deflateThreshold: configuration.deflateThreshold,
                        frameTimeout: configuration.frameTimeout)
                    try channel.pipeline.syncOperations.addHandlers([
                        tls.makeHandler(), codec,
                        AdmissionHandler(
                            acceptor: acceptor, configuration: configuration, codec: codec, place: place,
                            connections: continuation),
                    ])
                }
            }
        for (option, value) in PeerSocket.options { bootstrap = bootstrap.childChannelOption(option, value: value) }
        do {
            let channel = try await bootstrap.bind(host: address.host, port: address.port).get()
            return PeerListener(
                channel: channel, acceptor: acceptor, connections: stream, halfOpen: halfOpen, logger: logger)
        } catch {
            let isBusy = (error as? IOError)?.errnoCode == EADDRINUSE
            let advice = isBusy ? "another program uses it; choose another port" : "check the address"
            throw PeerListenerError(address: address, message: "cannot listen on \(address): \(error); \(advice)")
        }
    }

    /// The port that is listened on.
    public var port: Int { channel.localAddress?.port ?? 0 }

    /// Connections that are neither admitted nor refused yet.
    public var halfOpenCount: Int { halfOpen.count }

    /// Serves established connections until the task is cancelled, then closes the port and waits for all of them.
    public func run() async {
        await withDiscardingTaskGroup { group in
            for await connection in connections {
                group.addTask { [acceptor, logger] in
                    var logger = logger
                    logger[metadataKey: "peer"] = "\(connection.peer.clusterName)"
                    logger[metadataKey: "address"] = "\(connection.remoteAddress)"
                    logger.info("peer connected")
                    await acceptor.serve(connection)
                    await connection.close()
                    logger.info("peer disconnected")
                }
            }
            await close()
            group.cancelAll()
        }
    }

    /// Stops listening. Established connections stay.
    public func close() async { try? await channel.close() }
}

extension ChannelOptions.Types.WriteBufferWaterMark {
    /// Enough for some full stream frames, little enough that pings do not wait long behind them.
    static let peer = ChannelOptions.Types.WriteBufferWaterMark(low: 32 << 10, high: 128 << 10)
}

extension AdaptiveRecvByteBufferAllocator {
    /// Small for a connection that is idle, and many records at a time for a busy one.
    static let peer = AdaptiveRecvByteBufferAllocator(minimum: 64, initial: 2048, maximum: 256 << 10)
}
