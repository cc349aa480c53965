public import NIOCore
import NIOPosix
import Sessions
public import TLSTransport
public import Wire

/// Reaches one peer at its address.
public struct PeerDialler: Sendable {
    public let address: PeerAddress
    public let configuration: PeerTransportConfiguration
    private let group: any EventLoopGroup

    public init(
        _ address: PeerAddress, configuration: PeerTransportConfiguration = PeerTransportConfiguration(),
        group: any EventLoopGroup
    ) {
        self.address = address
        self.configuration = configuration
        self.group = group
    }

    /// Connects once, with mutual TLS, and says hello.
    ///
    /// - Parameters:
    ///   - tls: made by ``PeerTLS/dialler(identity:authorities:peerClusterID:handshakeTimeout:)``.
    ///   - hello: the own hello, with the epoch that this side knows.
    /// - Throws: ``PeerDialError``, `CancellationError`.
    public func connect(tls: TLSContext, hello: HelloMessage) async throws -> PeerConnection {
        try await dial(tls, limits: configuration.frameLimits) { promise in
            SessionDialHandler(hello, configuration: configuration, promise: promise)
        }
    }

    /// Asks for a certificate, once, over a connection of its own.
    func enrol(_ request: EnrollMessage, tls: TLSContext) async throws -> EnrolledMessage {
        // The certificates of the answer are longer than what an unknown dialler may say.
        try await dial(tls, limits: configuration.unauthenticatedLimits) { promise in
            EnrolmentDialHandler(request, timeout: configuration.admissionTimeout, promise: promise)
        }
    }

    /// Connects, and waits for what the handler on top makes of it.
    private func dial<Result: Sendable, Handler: ChannelInboundHandler>(
        _ tls: TLSContext, limits: FrameLimits,
        _ makeHandler: @escaping @Sendable (EventLoopPromise<Result>) -> Handler
    ) async throws -> Result {
        let start = Duration.monotonicNow
        let configuration = configuration
        let loop = group.next()
        let promise = loop.makePromise(of: Result.self)
        let opened = OpenedChannels()
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(TimeAmount(configuration.connectTimeout))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(.writeBufferWaterMark, value: .peer)
            .channelInitializer { channel in
                opened.add(channel)
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        TLSHandler(context: tls),
                        PeerCodecHandler(limits: limits, deflateThreshold: configuration.deflateThreshold),
                    ])
                    try channel.pipeline.syncOperations.addHandler(makeHandler(promise))
                }
            }
        do {
            return try await withTaskCancellationHandler {
                do {
                    _ = try await bootstrap.connect(host: address.host, port: address.port).get()
                } catch {
                    promise.fail(error)
                    try Task.checkCancellation()
                    throw PeerDialError(
                        address: address, attempts: Self.attempts(error, address), elapsed: .monotonicNow - start,
                        end: PeerSessionEnd(.lost, "no connection; check the address, the port and firewalls between"))
                }
                return try await promise.futureResult.get()
            } onCancel: {
                opened.close()
            }
        } catch let error as PeerDialError {
            throw error
        } catch {
            try Task.checkCancellation()
            throw PeerDialError(
                address: address, elapsed: .monotonicNow - start, end: PeerSessionEnd(connectionError: error))
        }
    }

    /// What was tried, in words.
    private static func attempts(_ error: any Error, _ address: PeerAddress) -> [String] {
        guard let error = error as? NIOConnectionError else { return ["\(address): \(error)"] }
        if error.connectionErrors.isEmpty {
            let reason = error.dnsAError ?? error.dnsAAAAError
            return ["\(address.host): the name does not resolve" + (reason.map { " (\($0))" } ?? "")]
        }
        return error.connectionErrors.map { failure in
            let target = failure.target
            let place = target.ipAddress.map { PeerAddress(host: $0, port: target.port ?? address.port).description }
            return "\(place ?? address.description): \(reason(failure.error))"
        }
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case ChannelError.connectTimeout(let time): "no answer within \(time.nanoseconds / 1_000_000) ms"
        case let error as IOError where error.errnoCode == ECONNREFUSED: "connection refused"
        case let error as IOError where error.errnoCode == EHOSTUNREACH: "no route to the host"
        case let error as IOError where error.errnoCode == ENETUNREACH: "the network is unreachable"
        default: "\(error)"
        }
    }
}
