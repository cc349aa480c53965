public import NIOCore
import NIOPosix
import Sessions
public import TLSTransport
public import Wire

/// Reaches one peer at its address, directly or through an HTTP proxy.
///
/// A name is looked up for each attempt, and all of its addresses are tried: those that do not answer, and those where
/// somebody else does.
public struct PeerDialler: Sendable {
    public let address: PeerAddress
    public let configuration: PeerTransportConfiguration
    private let choice: ProxyChoice
    private let group: any EventLoopGroup
    /// Those that dial beside it; `nil` where it knows of none, and waits as long as if they were many.
    public var crowd: DialCrowd?
    var names: any NameLookup = SystemNames()

    /// - Parameter choice: whether by a proxy, and which; as the configuration says unless told.
    public init(
        _ address: PeerAddress, via choice: ProxyChoice = .automatic,
        configuration: PeerTransportConfiguration = PeerTransportConfiguration(), group: any EventLoopGroup
    ) {
        self.address = address
        self.choice = choice
        self.configuration = configuration
        self.group = group
    }

    /// What is connected to in the peer's place; `nil` for the peer itself.
    var proxy: HTTPProxy? {
        switch choice {
        case .automatic: configuration.proxies.proxy(for: address)
        case .direct: nil
        case .proxy(let proxy): proxy
        }
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

    /// Connects, and waits for what the handler on top makes of it; tries further addresses where that may help.
    private func dial<Result: Sendable, Handler: ChannelInboundHandler & SendableMetatype>(
        _ tls: TLSContext, limits: FrameLimits,
        _ makeHandler: @escaping @Sendable (EventLoopPromise<Result>) -> Handler
    ) async throws -> Result {
        let start = Duration.monotonicNow
        func failure(_ attempts: [String], _ end: PeerSessionEnd) -> PeerDialError {
            PeerDialError(address: address, attempts: attempts, elapsed: .monotonicNow - start, end: end)
        }
        let target = proxy?.address ?? address
        var tried: [String] = []
        var places: [SocketAddress]
        do {
            places = try await names.addresses(of: target.host, port: target.port)
        } catch let error as NameLookupError {
            throw failure(["\(target.host): the name does not resolve (\(error))"], Self.noConnection)
        }
        while true {
            try Task.checkCancellation()
            switch await attempt(places, tls, limits, makeHandler) {
            case .result(let result):
                return result
            case .unconnected(let attempts):
                throw failure(tried + attempts, Self.noConnection)
            case .ended(let end, let place):
                // Whoever answered there may not be the peer, which may be at another address.
                guard let place, places.count > 1, places.contains(place), Self.isWorthAnotherAddress(end) else {
                    throw failure(tried, end)
                }
                places.removeAll { $0 == place }
                tried.append("\(Self.text(place)): \(end.message)")
            case .cancelled:
                throw CancellationError()
            }
        }
    }

    private static let noConnection = PeerSessionEnd(
        .lost, "no connection; check the address, the port and firewalls between")

    /// Whether the other end has not shown to be the peer.
    private static func isWorthAnotherAddress(_ end: PeerSessionEnd) -> Bool {
        switch end.code {
        case .lost, .timeout: true
        case .untrusted: end.error == nil
        default: false
        }
    }

    private enum Outcome<Result: Sendable>: Sendable {
        case result(Result)
        /// No address answered: what each said.
        case unconnected([String])
        /// One did, and then it went wrong.
        case ended(PeerSessionEnd, at: SocketAddress?)
        case cancelled
    }

    /// Connects to the first address that answers.
    private func attempt<Result: Sendable, Handler: ChannelInboundHandler & SendableMetatype>(
        _ places: [SocketAddress], _ tls: TLSContext, _ limits: FrameLimits,
        _ makeHandler: @escaping @Sendable (EventLoopPromise<Result>) -> Handler
    ) async -> Outcome<Result> {
        let (address, configuration, proxy) = (address, configuration, proxy)
        let target = proxy?.address ?? address
        let loop = group.next()
        let promise = loop.makePromise(of: Result.self)
        let opened = OpenedChannels()
        let speak: @Sendable (any Channel) throws -> Void = { channel in
            try channel.pipeline.syncOperations.addHandlers([
                TLSHandler(context: tls),
                PeerCodecHandler(
                    limits: limits, deflateThreshold: configuration.deflateThreshold,
                    frameTimeout: configuration.frameTimeout),
            ])
            try channel.pipeline.syncOperations.addHandler(makeHandler(promise))
        }
        let connect: @Sendable () -> EventLoopFuture<SocketAddress?> = {
            var bootstrap = ClientBootstrap(group: loop)
                .resolver(KnownAddresses(addresses: places, eventLoop: loop))
                .connectTimeout(TimeAmount(configuration.connectTimeout))
                .channelOption(.writeBufferWaterMark, value: .peer)
                .channelOption(.recvAllocator, value: AdaptiveRecvByteBufferAllocator.peer)
                .channelInitializer { channel in
                    opened.add(channel)
                    return channel.eventLoop.makeCompletedFuture {
                        guard let proxy else { return try speak(channel) }
                        try channel.pipeline.syncOperations.addHandler(
                            ProxyConnectHandler(
                                proxy, target: address, timeout: configuration.handshakeTimeout,
                                connected: { try speak($0.channel) }, failed: { promise.fail($0) }))
                    }
                }
            for (option, value) in PeerSocket.options { bootstrap = bootstrap.channelOption(option, value: value) }
            return bootstrap.connect(host: target.host, port: target.port).map(\.remoteAddress)
        }
        return await withTaskCancellationHandler {
            let place: SocketAddress?
            do {
                // A channel that has closed does not know any more, so it is asked in the same turn of its event loop.
                place = try await loop.flatSubmit(connect).get()
            } catch {
                promise.fail(error)
                return Task.isCancelled ? .cancelled : .unconnected(Self.attempts(error, target))
            }
            do {
                return .result(try await promise.futureResult.get())
            } catch {
                return Task.isCancelled ? .cancelled : .ended(PeerSessionEnd(connectionError: error), at: place)
            }
        } onCancel: {
            opened.close()
        }
    }

    /// What was tried, in words.
    private static func attempts(_ error: any Error, _ target: PeerAddress) -> [String] {
        guard let error = error as? NIOConnectionError, !error.connectionErrors.isEmpty else {
            return ["\(target): \(reason(error))"]
        }
        return error.connectionErrors.map { "\(text($0.target)): \(reason($0.error))" }
    }

    private static func text(_ place: SocketAddress) -> String {
        PeerAddress(host: place.ipAddress ?? "?", port: place.port ?? 0).description
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
