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
    private struct Running {
        let address: PeerAddress
        let clusterID: String
        let task: Task<Void, Never>
    }

    private let context: HubContext
    private let credentials: any PeerCredentialStore
    private let transport: PeerTransportConfiguration
    private let group: any EventLoopGroup
    private let endpoints: NodeEndpoints
    private let running = Mutex<[String: Running]>([:])
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
            running[cluster.name].map { $0.address == address && $0.clusterID == cluster.clusterID } ?? false
        }
        guard !same else { return }
        await stop(cluster.name)
        putEdge(cluster)
        endpoints[cluster.virtualNode] = VirtualNodeEndpoint(edge: cluster.name, links: self)
        let link = EdgeLink(
            cluster: cluster, context: context, credentials: credentials,
            dialler: PeerDialler(address, configuration: transport, group: group), links: self)
        let task = Task { await link.run() }
        running.withLock { $0[cluster.name] = Running(address: address, clusterID: cluster.clusterID, task: task) }
    }

    /// Makes the edge known without dialling it yet.
    func register(_ cluster: ForeignCluster) { putEdge(cluster) }

    private func putEdge(_ cluster: ForeignCluster) {
        guard context.edges[cluster.name]?.clusterID != cluster.clusterID else { return }
        var edge = Edge(name: cluster.name, clusterID: cluster.clusterID, node: cluster.virtualNode)
        edge.isWanted = cluster.outgoingEnabled == .yes
        if let node = context.nodes.get(name: cluster.virtualNode) {
            // After a restart of the hub the edge counts as silent from now on, not from before.
            edge.state = .suspect
            edge.silentSince = .now
            edge.labels = node.labels
            edge.advertisement = VirtualNode.advertisement(from: node)
        }
        context.edges.put(edge)
    }

    /// Ends the link without a word about the peering.
    func stop(_ name: String) async {
        guard let link = running.withLock({ $0.removeValue(forKey: name) }) else { return }
        link.task.cancel()
        await link.task.value
    }

    func stopAll() async {
        for name in running.withLock({ Array($0.keys) }) { await stop(name) }
    }

    /// Ends the peering: tells the edge where it can be reached, and forgets the credentials.
    func end(_ cluster: ForeignCluster) async {
        if let connection = connection(cluster.name) {
            await connection.close(.unpeered, epoch: connection.agreement.epoch)
        }
        await stop(cluster.name)
        endpoints[cluster.virtualNode] = nil
        do {
            try await credentials.remove(cluster.clusterID)
        } catch {
            context.logger.error(
                "cannot remove the credentials of a peering that has ended",
                metadata: ["edge": "\(cluster.name)", "error": "\(error)"])
        }
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
