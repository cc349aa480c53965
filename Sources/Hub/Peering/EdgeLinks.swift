import ClusterAPI
import KubernetesModel
import Logging
import NIOCore
import OffloadingModel
import PeerTransport
import Scheduling
import Sessions
import Synchronization
import Wire

/// The links to all edges: one task each, which dials, enrols where need be, and keeps both sides equal.
final class EdgeLinks: Sendable {
    private struct Link {
        let address: PeerAddress
        let clusterID: String
        let task: Task<Void, Never>
    }

    private struct Running {
        var links: [String: Link] = [:]
        /// The hub stops: no link is started any more.
        var isStopped = false
    }

    private let context: HubContext
    private let credentials: any PeerCredentialStore
    private let transport: PeerTransportConfiguration
    private let group: any EventLoopGroup
    private let endpoints: NodeEndpoints
    private let running = Mutex(Running())
    let farewells: Farewells
    private let open = Mutex<[String: PeerConnection]>([:])

    init(
        context: HubContext, credentials: any PeerCredentialStore, transport: PeerTransportConfiguration,
        group: any EventLoopGroup, endpoints: NodeEndpoints
    ) {
        self.context = context
        self.credentials = credentials
        self.transport = transport
        self.group = group
        self.endpoints = endpoints
        farewells = Farewells(context: context, store: credentials, transport: transport, group: group)
        context.desired.onChange { [weak self] edge, key in self?.send(edge, key) }
    }

    /// The connection to an edge, while there is one.
    func connection(_ edge: String) -> PeerConnection? { open.withLock { $0[edge] } }

    // MARK: - Starting and ending

    /// Makes sure that the edge's link runs, to the address the ForeignCluster names now.
    func start(_ cluster: ForeignCluster) async {
        guard let address = PeerAddress(cluster.authURL) else {
            putEdge(cluster)
            context.edges.update(cluster.name) { edge in
                edge.authentication = PeeringCondition(
                    .error, "InvalidURL",
                    "spec.foreignAuthUrl: \"\(cluster.authURL)\" is not of the form tls://HOST:PORT; peer again with the edge's own command"
                )
            }
            return
        }
        let same = running.withLock { running in
            running.isStopped
                || (running.links[cluster.name].map { $0.address == address && $0.clusterID == cluster.clusterID }
                    ?? false)
        }
        guard !same else { return }
        await stop(cluster.name)
        putEdge(cluster)
        if isFirst(cluster) {
            endpoints[cluster.virtualNode] = VirtualNodeEndpoint(edge: cluster.name, links: self)
        }
        let link = EdgeLink(
            cluster: cluster, context: context, credentials: credentials,
            dialler: PeerDialler(address, configuration: transport, group: group), links: self)
        running.withLock { running in
            guard !running.isStopped else { return }
            let task = Task { await link.run() }
            running.links[cluster.name] = Link(address: address, clusterID: cluster.clusterID, task: task)
        }
    }

    /// Makes the edge known without dialling it yet.
    func register(_ cluster: ForeignCluster) { putEdge(cluster) }

    private func putEdge(_ cluster: ForeignCluster) {
        guard context.edges[cluster.name]?.clusterID != cluster.clusterID else { return }
        var edge = Edge(name: cluster.name, clusterID: cluster.clusterID, node: cluster.virtualNode)
        edge.isWanted = cluster.outgoingEnabled == .yes
        // After a restart of the hub the edge counts as silent from now on, not from before.
        edge.silentSince = .now
        if let node = context.nodes.get(name: cluster.virtualNode),
            node.label(Names.remoteClusterIDLabel) == cluster.clusterID
        {
            edge.state = .suspect
            edge.labels = node.labels
            edge.advertisement = VirtualNode.advertisement(from: node)
        }
        context.edges.put(edge)
    }

    /// Ends the link without a word about the peering.
    func stop(_ name: String) async {
        guard let link = running.withLock({ $0.links.removeValue(forKey: name) }) else { return }
        link.task.cancel()
        await link.task.value
    }

    /// Ends all links for good, without a word about the peerings.
    func stopAll() async {
        let links = running.withLock { running in
            running.isStopped = true
            defer { running.links = [:] }
            return running.links.values.map(\.task)
        }
        for link in links { link.cancel() }
        for link in links { await link.value }
        await farewells.stop()
    }

    /// Ends the peering: forgets the credentials, and has the edge told, now or when it can be reached again.
    ///
    /// Never holds anybody up: what cannot be read or written is logged, and the peering ends all the same.
    func end(_ cluster: ForeignCluster) async {
        await attempt("cannot keep a farewell: the edge may not hear that its peering is over", cluster) {
            guard let address = PeerAddress(cluster.authURL),
                let held = try await credentials.load(cluster.clusterID)
            else { return }
            try await farewells.prepare(Farewell(credentials: held, address: address))
        }
        if let connection = connection(cluster.name) {
            await connection.close(.unpeered, epoch: connection.agreement.epoch)
        }
        await stop(cluster.name)
        if isFirst(cluster) { endpoints[cluster.virtualNode] = nil }
        await attempt("cannot remove the credentials of a peering that has ended", cluster) {
            try await credentials.remove(cluster.clusterID)
        }
        await attempt("cannot say a farewell before the hub is started anew", cluster) {
            try await farewells.say(to: cluster.clusterID)
        }
    }

    private func attempt(
        _ failure: Logger.Message, _ cluster: ForeignCluster, _ body: () async throws -> Void
    ) async {
        do {
            try await body()
        } catch {
            context.logger.error(failure, metadata: ["edge": "\(cluster.name)", "error": "\(error)"])
        }
    }

    /// Whether the virtual node is this cluster's, not that of another one with the same name.
    private func isFirst(_ cluster: ForeignCluster) -> Bool {
        context.edges.edge(node: cluster.virtualNode)?.name == cluster.name
    }

    // MARK: - What goes out

    /// Publishes all that the edge shall have, then every change of it.
    func attach(_ edge: String, _ connection: PeerConnection) {
        // Changes that come between publishing and registering are caught by looking again under the lock.
        let before = context.desired.items(edge)
        connection.publish(DesiredSet(before.values))
        open.withLock { open in
            let now = context.desired.items(edge)
            let removals = before.keys.filter { now[$0] == nil }
            let upserts = now.values.filter { before[$0.key]?.hash != $0.hash }
            if !removals.isEmpty || !upserts.isEmpty {
                connection.update(desired: Array(upserts), removals: Array(removals))
            }
            open[edge] = connection
        }
    }

    func detach(_ edge: String) { open.withLock { _ = $0.removeValue(forKey: edge) } }

    private func send(_ edge: String, _ key: ItemKey) {
        // The item is read under the lock, so that the last to send has read last.
        open.withLock { open in
            guard let connection = open[edge] else { return }
            if let item = context.desired[edge, key] {
                connection.update(desired: [item])
            } else {
                connection.update(desired: [], removals: [key])
            }
        }
    }
}
