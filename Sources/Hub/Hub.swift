public import ClusterAPI
public import Enrolment
import JSONTree
import KubernetesModel
public import Logging
public import NIOCore
import OffloadingModel
public import PeerTransport
public import Scheduling
import Sessions
public import TLSTransport
import Wire

/// The hub: keeps the peerings, the virtual nodes, the offloaded namespaces and their pods of one origin cluster.
///
/// Reaches the origin through `ClusterAPI` only, and the edges through their links. Everything is decided by reconcilers that
/// look at what is; a hub that is stopped at any point goes on where things stand when it runs again.
public final class Hub: Sendable {
    let context: HubContext
    private let transport: PeerTransportConfiguration
    let links: EdgeLinks
    let port: JoinPort
    let foreignClusters: Controller<String>
    let offloadings: Controller<String>
    let pods: Controller<ObjectKey>
    let services: Controller<String>
    private let podReconciler: PodReconciler
    private let serviceReflection: ServiceReflection
    let adoption: PodAdoption
    let adoptions: Controller<ObjectKey>

    /// - Parameters:
    ///   - cluster: the origin.
    ///   - credentials: what proves the hub to edges that it dials.
    ///   - authority: who issues the certificates of edges that join, and what the hub shows them.
    ///   - peerings: what is kept of edges that have joined; read when the port is bound.
    ///   - endpoints: where the hub says that it answers for the virtual nodes.
    ///   - now: seconds since 1970, for certificates, tokens and timestamps.
    /// - Throws: `TLSError` for an identity that cannot be used.
    public convenience init(
        configuration: HubConfiguration, cluster: any ClusterAPI, credentials: any PeerCredentialStore,
        authority: PeeringAuthority, peerings: any PeeringStore, endpoints: NodeEndpoints,
        transport: PeerTransportConfiguration = PeerTransportConfiguration(),
        group: any EventLoopGroup, logger: Logger, now: @escaping @Sendable () -> Int
    ) throws(TLSError) {
        // Where few edges are dialled in vain, one that is back after a day is heard within a second.
        let crowd = DialCrowd()
        try self.init(
            configuration: configuration, cluster: cluster, credentials: credentials, authority: authority,
            peerings: peerings, endpoints: endpoints, transport: transport, group: group,
            dialler: { address, proxy, purpose in
                var dialler = PeerDialler(address, via: proxy, configuration: transport, group: group)
                if case .peering = purpose { dialler.crowd = crowd }
                return dialler
            }, logger: logger, now: now, instant: { .now })
    }

    /// - Parameters:
    ///   - dialler: how edges are reached.
    ///   - instant: the monotonic clock by which edges are silent.
    init(
        configuration: HubConfiguration, cluster: any ClusterAPI, credentials: any PeerCredentialStore,
        authority: PeeringAuthority, peerings: any PeeringStore, endpoints: NodeEndpoints,
        transport: PeerTransportConfiguration, group: any EventLoopGroup, dialler: @escaping DiallerMaker,
        logger: Logger, now: @escaping @Sendable () -> Int, instant: @escaping @Sendable () -> ContinuousClock.Instant
    ) throws(TLSError) {
        let events = EventRecorder(cluster, component: "causeway-hub", now: now, logger: logger)
        let context = HubContext(
            configuration: configuration, cluster: cluster, events: events, logger: logger, now: now, instant: instant)
        let links = EdgeLinks(
            context: context, credentials: credentials,
            joined: JoinedEdges(context: context, book: PeeringBook(peerings, now: now)), dialler: dialler,
            endpoints: endpoints)
        let clusterReconciler = ForeignClusterReconciler(context: context, links: links)
        let offloadingReconciler = OffloadingReconciler(context: context)
        let podReconciler = PodReconciler(context: context)
        self.context = context
        self.links = links
        port = try JoinPort(context: context, links: links, authority: authority, transport: transport, group: group)
        self.transport = transport
        self.podReconciler = podReconciler
        foreignClusters = Controller("foreign-clusters", logger: logger) { try await clusterReconciler.reconcile($0) }
        offloadings = Controller("namespace-offloadings", logger: logger) {
            try await offloadingReconciler.reconcile($0)
        }
        pods = Controller("offloaded-pods", workers: 8, logger: logger) { try await podReconciler.reconcile($0) }
        let serviceReflection = ServiceReflection(context: context)
        self.serviceReflection = serviceReflection
        services = Controller("offloaded-services", workers: 1, logger: logger) { namespace in
            serviceReflection.reconcile(namespace)
            return .none
        }
        let adoption = PodAdoption(context: context)
        self.adoption = adoption
        adoptions = Controller("pods-to-adopt", logger: logger) { try await adoption.reconcile($0) }
        wire()
    }

    /// What the scheduler of the origin must know of the edges.
    public var advice: any PlacementAdvice {
        EdgeAdvice(
            edges: context.edges, rejections: context.rejections, moves: context.moves,
            offloadings: context.offloadings,
            adoption: adoption)
    }

    /// Calls `handler` when an edge's state has changed, with its node's name, or how a namespace fills its edges, with `nil`:
    /// pods may be placed otherwise then.
    public func onPlacementChange(_ handler: @escaping @Sendable (_ node: String?) -> Void) {
        let known = EdgeStates()
        context.edges.onChange { [edges = context.edges] name, change in
            guard change == .status, let node = known.take(name, edges[name]) else { return }
            handler(node)
        }
        context.offloadings.onChange { change in
            let fill = { (object: KubernetesObject?) in object.flatMap { NamespaceOffloading($0).policy.fill } }
            if fill(change.old) != fill(change.new) { handler(nil) }
        }
    }

    // MARK: - Who is told of what

    private func wire() {
        let (foreignClusters, offloadings, pods) = (foreignClusters.queue, offloadings.queue, pods.queue)
        let (context, services) = (context, services.queue)
        context.foreignClusters.onChange { foreignClusters.add($0.key.name) }
        context.nodes.onChange { change in
            for cluster in context.foreignClusters.objects(index: HubContext.byVirtualNode, change.key.name) {
                foreignClusters.add(cluster.name)
            }
        }
        context.offloadings.onChange { change in
            offloadings.add(change.key.namespace)
            services.add(change.key.namespace)
            for pod in context.pods.objects where pod.namespace == change.key.namespace { pods.add(pod.key) }
        }
        wireAdoption()
        context.namespaces.onChange { change in
            offloadings.add(change.key.name)
            services.add(change.key.name)
        }
        context.services.onChange { services.add($0.key.namespace) }
        context.references.onChange { for key in $0 { pods.add(key) } }
        context.pods.onChange { change in
            pods.add(change.key)
            // The end of a pod may be the end of a withdrawal.
            if change.new == nil, let node = change.old?.spec["nodeName"]?.string,
                let edge = context.edges.edge(node: node)
            {
                foreignClusters.add(edge.name)
            }
        }
        context.edges.onChange { name, change in
            switch change {
            case .measured: foreignClusters.add(name)
            case .status:
                foreignClusters.add(name)
                for offloading in context.offloadings.objects {
                    offloadings.add(offloading.namespace)
                    services.add(offloading.namespace)
                }
                if let edge = context.edges[name] { for pod in context.pods(boundTo: edge.node) { pods.add(pod.key) } }
            case .observed(let keys):
                for key in keys {
                    if key.kind == ItemKey.podKind {
                        pods.add(ObjectKey(namespace: key.namespace, name: key.name))
                    } else if key.kind != ItemKey.namespaceKind {
                        for pod in context.references.pods(using: key) { pods.add(pod) }
                    }
                }
            }
        }
    }

    private func wireAdoption() {
        let (context, queue) = (context, adoptions.queue)
        context.pods.onChange { change in
            if let pod = change.new, PodAdoption.mayBeAdopted(pod) { queue.add(pod.key) }
        }
        context.offloadings.onChange { change in
            for pod in context.pods.objects
            where pod.namespace == change.key.namespace && PodAdoption.mayBeAdopted(pod) { queue.add(pod.key) }
        }
    }

    // MARK: - Running

    /// Binds the port for edges that join, so that its number is known and a busy one is a clear error before anything else
    /// starts. Called by ``run()`` where it was not before.
    ///
    /// - Returns: the port; `nil` where the configuration names none.
    /// - Throws: `PeerListenerError`, and what the store of peerings throws.
    @discardableResult
    public func bind() async throws -> Int? { try await port.bind() }

    /// Runs until the task is cancelled; then ends the connections, and leaves everything else as it is.
    public func run() async throws {
        try await bind()
        try await withThrowingDiscardingTaskGroup { group in
            for informer in context.informers { group.addTask { await informer.run() } }
            for informer in context.informers { try await informer.waitForSync() }
            try await begin()
            group.addTask { await self.foreignClusters.run() }
            group.addTask { await self.offloadings.run() }
            group.addTask { await self.pods.run() }
            group.addTask { await self.services.run() }
            group.addTask { await self.adoptions.run() }
            group.addTask { await self.watchSilence() }
            group.addTask { await self.renewLeases() }
            group.addTask { [context, advice] in await Rebalancer(context: context, advice: advice).run() }
            group.addTask { await self.port.run() }
            while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
            await links.stopAll()
            group.cancelAll()
        }
    }

    /// Takes up what an earlier run has left, once the origin has been read.
    func begin() async throws {
        try await links.joined.settle()
        try await prepare()
        do {
            try await links.farewells.resume()
        } catch {
            context.logger.error(
                "farewells to edges cannot be read: they may run pods of a peering that is over",
                metadata: ["error": "\(error)"])
        }
    }

    /// Works out all that every edge shall have before any is told anything: what is missing reads as a wish to delete.
    private func prepare() async throws {
        for cluster in context.foreignClusters.objects.map(ForeignCluster.init) {
            if cluster.isEdge, !cluster.object.isBeingDeleted { links.register(cluster) }
        }
        for offloading in context.offloadings.objects.map(NamespaceOffloading.init) {
            guard let plan = context.plan(offloading.namespace) else { continue }
            context.desired.set(.namespace(offloading.namespace), OffloadingReconciler.desired(offloading, plan))
            serviceReflection.reconcile(offloading.namespace)
        }
        podReconciler.prepare()
        context.desired.markPrepared()
    }

    /// Moves silent edges on to Disconnected and Lost, by the hub's own monotonic clock.
    private func watchSilence() async {
        var lookedAt = ContinuousClock.now
        while !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(250))
            await lookForSilence()
            guard ContinuousClock.now - lookedAt >= .seconds(60) else { continue }
            lookedAt = .now
            tellExpiredCertificates()
            forgetDuplicates()
        }
    }

    /// Looks once who is silent, and for how long.
    func lookForSilence() async {
        await watchForStorm()
        let now = context.instant()
        for edge in context.edges.silent {
            guard !edge.isConnected, let since = edge.silentSince else { continue }
            let silence = now - since
            if edge.state == .suspect, silence >= transport.timings.deadAfter {
                context.logger.warning("an edge is disconnected", metadata: ["edge": "\(edge.name)"])
                context.edges.update(edge.name) { edge in
                    edge.state = .disconnected
                    edge.disconnectedSince = now
                }
            } else if edge.state == .disconnected, silence >= context.configuration.lostAfter {
                context.edges.update(edge.name) { $0.state = .lost }
            }
        }
    }

    /// Takes back what was said of other agents with an edge's identity when none has come for long.
    private func forgetDuplicates() {
        let now = ContinuousClock.now
        let old = context.edges.all { edge in
            edge.duplicate.map { now - $0.seenAt >= context.configuration.duplicateNotice } ?? false
        }
        for edge in old { context.edges.update(edge.name, .measured) { $0.duplicate = nil } }
    }

    /// Has the ForeignClusters of edges whose certificates have ended looked at: nothing else changes by that.
    private func tellExpiredCertificates() {
        let now = Int64(context.now())
        let expired = context.edges.all { $0.certificateNotAfter != 0 && $0.certificateNotAfter <= now }
        for edge in expired { context.edges.update(edge.name, .measured) { _ in } }
    }

    /// Puts the storm guard up or down, before any edge is counted as Disconnected.
    private func watchForStorm() async {
        // Half the time is enough to tell a silence from a connection that is just being made anew.
        let now = context.instant()
        let silent = context.edges.silent.filter { edge in
            edge.silentSince != nil && edge.isWanted && edge.advertisement != nil
                && edge.silence(at: now) * 2 >= transport.timings.deadAfter
        }
        guard !silent.isEmpty || context.isStorm else { return }
        let count = context.edges.count { $0.isWanted && $0.advertisement != nil }
        let isStorm = context.configuration.stormGuard.isUp(
            edges: count, silences: silent.compactMap(\.silentSince))
        guard isStorm != context.isStorm else { return }
        context.isStorm = isStorm
        let names = silent.map(\.name).joined(separator: ", ")
        if isStorm {
            context.logger.warning(
                "most edges fell silent together: their pods are not replaced until enough of them answer or are withdrawn",
                metadata: ["edges": "\(names)"])
        } else {
            context.logger.info("enough edges answer again: pods of the others may be replaced")
        }
        // One event tells of all of them: there may be a thousand.
        if let first = silent.first ?? context.edges.all.first,
            let cluster = context.foreignClusters.get(name: first.name)
        {
            await context.events.record(
                isStorm ? .warning : .normal, cluster, reason: isStorm ? "EvictionHeld" : "EvictionResumed",
                isStorm
                    ? "\(silent.count) of \(count) edges fell silent together (\(Self.few(silent))): the hub may be cut off, so no pod is "
                        + "replaced; of edges that are gone, set outgoingPeeringEnabled to No"
                    : "enough edges answer again: pods of the others may be replaced")
        }
        for edge in silent {
            // Its pods are looked at again. While the guard was up nobody knew whose fault it was: the others come back one by
            // one, and each gets its namespaces' grace from now on.
            context.edges.update(edge.name) { edge in
                if !isStorm, edge.disconnectedSince != nil { edge.disconnectedSince = now }
            }
        }
    }

    /// The names of some edges, for a message.
    private static func few(_ edges: [Edge]) -> String {
        edges.prefix(8).map(\.name).joined(separator: ", ") + (edges.count > 8 ? ", …" : "")
    }
}
