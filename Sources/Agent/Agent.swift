public import ClusterAPI
public import Enrolment
public import Logging
public import NIOCore
public import NIOPosix
import PeerTransport
import Synchronization
public import TLSTransport
import Wire

/// The agent of one edge: takes peerings, runs what its hubs want here, and tells them what becomes of it.
///
/// Reaches its cluster through `ClusterAPI` only, and expects Causeway's custom resources and namespace to be there
/// (`ClusterBootstrap`). One agent for a cluster, which may have a hub as well.
public final class Agent: Sendable {
    private let configuration: AgentConfiguration
    private let identity: ServerIdentity
    let context: AgentContext
    let reconcilers: Reconcilers
    let advertiser: Advertiser
    private let network: PodNetworkProbe
    let acceptor: PeeringAcceptor
    let joins: Joins
    private let fence: Fence
    private let group: any EventLoopGroup
    private let listener = Mutex<PeerListener?>(nil)

    /// - Parameters:
    ///   - cluster: the edge's, which also serves the pods' logs.
    ///   - authority: who issues the hubs' certificates, and what the agent shows.
    ///   - peerings: what is kept of the peerings; read when the port is bound.
    ///   - credentials: what proves the edge to hubs that it dials.
    ///   - group: where connections live.
    ///   - now: seconds since 1970: for certificates, tokens and timestamps only.
    /// - Throws: `TLSError` for an identity that cannot be used.
    public convenience init(
        configuration: AgentConfiguration, cluster: any ClusterAPI, authority: PeeringAuthority,
        peerings: any PeeringStore, credentials: any PeerCredentialStore,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton, logger: Logger,
        now: @escaping @Sendable () -> Int
    ) throws(TLSError) {
        try self.init(
            configuration: configuration, cluster: cluster, authority: authority, peerings: peerings,
            credentials: credentials, group: group,
            dialler: { route in
                PeerDialler(route.address, via: route.proxy, configuration: configuration.transport, group: group)
            }, logger: logger, now: now)
    }

    /// - Parameter dialler: how hubs are reached.
    init(
        configuration: AgentConfiguration, cluster: any ClusterAPI, authority: PeeringAuthority,
        peerings: any PeeringStore, credentials: any PeerCredentialStore, group: any EventLoopGroup,
        dialler: @escaping Joins.DiallerMaker, logger: Logger, now: @escaping @Sendable () -> Int
    ) throws(TLSError) {
        self.configuration = configuration
        self.group = group
        let context = AgentContext(
            configuration: configuration, cluster: cluster, peerings: peerings, logger: logger, now: now)
        let book = context.book
        let identity = try ServerIdentity(
            authority, clusterID: configuration.clusterID,
            handshakeTimeout: configuration.transport.handshakeTimeout, revoked: book.revoked)
        let joins = Joins(context: context, credentials: credentials, dialler: dialler)
        let reconcilers = Reconcilers(context, joins: joins, ownCertificateNotAfter: { identity.notAfter })
        let advertiser = Advertiser(context)
        let network = PodNetworkProbe(gateway: configuration.gateway, group: group)
        let desk = EnrolmentDesk(
            local: configuration.localPeer, tokens: context.tokens, book: book, authority: authority, logger: logger,
            now: now, admits: { try await context.admit($0) },
            enrolled: { record in
                let hub = context.hubs.hub(record)
                hub.certificateNotAfter = record.issued.map(\.notAfter).max() ?? 0
                // Whoever is connected still shows a certificate that was good until now.
                await hub.detachAny()?.close(.replaced, message: "the hub has enrolled anew", epoch: nil)
                reconcilers.statusChanged(hub)
            })
        let streams = StreamServer(context: context, network: network) { reconcilers.statusChanged($0) }
        let conversation = HubConversation(
            context: context, reconcilers: reconcilers, advertiser: advertiser, streams: streams, desk: desk)
        joins.begin(conversation, statuses: reconcilers.statuses)
        acceptor = PeeringAcceptor(
            context: context, desk: desk, conversation: conversation, refusals: CertificateRefusals(logger: logger))
        fence = Fence(context: context, reconcilers: reconcilers, clock: { BootClock.read(time: now()) })
        self.joins = joins
        self.context = context
        self.identity = identity
        self.reconcilers = reconcilers
        self.advertiser = advertiser
        self.network = network
    }

    /// Reads the peerings and binds the port, so that its number is known and a busy one is a clear error before anything
    /// else starts. Called by ``run()`` where it was not before.
    ///
    /// - Returns: the port.
    /// - Throws: `PeerListenerError`, and what the store throws.
    @discardableResult
    public func bind() async throws -> Int {
        if let listener = listener.withLock({ $0 }) { return listener.port }
        try await load()
        let new = try await PeerListener.bind(
            configuration.listen, tls: identity.tls, acceptor: acceptor, configuration: configuration.transport,
            halfOpen: configuration.halfOpen, group: group, logger: context.logger)
        listener.withLock { $0 = new }
        return new.port
    }

    /// Reads the peerings.
    func load() async throws {
        try await context.book.load()
        for record in await context.book.all {
            let hub = context.hubs.hub(record)
            reconcilers.statusChanged(hub)
            if record.isEnding { reconcilers.endings.queue.add(record.clusterID) }
        }
    }

    /// Works until the task is cancelled, then says goodbye to the hubs. The pods go on.
    ///
    /// - Throws: as ``bind()``.
    public func run() async throws {
        try await bind()
        guard let listener = listener.withLock({ $0 }) else { return }
        await withDiscardingTaskGroup { group in
            for informer in context.informers { group.addTask { await informer.run() } }
            group.addTask { await self.reconcilers.run() }
            group.addTask { await self.advertiser.run() }
            group.addTask { await self.fence.run() }
            group.addTask { await self.identity.run(now: self.context.now, logger: self.context.logger) }
            group.addTask { await self.context.tokens.run(every: self.configuration.tokenSweepInterval) }
            group.addTask { await listener.run() }
        }
        await joins.stopAll()
        await network.close()
    }
}
