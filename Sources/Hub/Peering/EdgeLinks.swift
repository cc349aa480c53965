import ClusterAPI
import Enrolment
import KubernetesModel
import Logging
import NIOCore
import OffloadingModel
import PeerTransport
import Scheduling
import Sessions
import Synchronization
import Wire

/// The links to all edges: one task for each that is dialled, one connection for each that dials.
final class EdgeLinks: Sendable {
    private struct Link {
        /// `nil` where the edge dials.
        let route: PeerRoute?
        /// Of the token that was there when the link was started; an edge that dials has none.
        var tokenID = ""
        let clusterID: String
        /// Where the edge dials, the service of its last connection.
        var task: Task<Void, Never>
        let copy = ObservedCopy()
        /// Where the edge dials, the connection that is served or is next.
        var connection: PeerConnection?
    }

    private struct Running {
        var links: [String: Link] = [:]
        /// The hub stops: no link is started any more.
        var isStopped = false
    }

    let context: HubContext
    private let credentials: any PeerCredentialStore
    private let dialler: DiallerMaker
    private let endpoints: NodeEndpoints
    private let running = Mutex(Running())
    let farewells: Farewells
    /// The peerings of edges that have joined.
    let joined: JoinedEdges
    private let open = Mutex<[String: any EdgeChannel]>([:])
    /// By the id of an edge that is dialled; outlives its link, as its address may change.
    private let agents = Mutex<[String: AgentSuccession]>([:])

    init(
        context: HubContext, credentials: any PeerCredentialStore, joined: JoinedEdges,
        dialler: @escaping DiallerMaker, endpoints: NodeEndpoints
    ) {
        self.joined = joined
        self.context = context
        self.credentials = credentials
        self.dialler = dialler
        self.endpoints = endpoints
        farewells = Farewells(context: context, store: credentials, dialler: dialler)
        context.desired.onChange { [weak self] edge, key in self?.send(edge, key) }
    }

    /// The connection to an edge, while there is one.
    func connection(_ edge: String) -> PeerConnection? { channel(edge) as? PeerConnection }

    private func channel(_ edge: String) -> (any EdgeChannel)? { open.withLock { $0[edge] } }

    // MARK: - Starting and ending

    /// Makes sure that the edge's link runs, to the address the ForeignCluster names now, or that an edge which dials is
    /// taken.
    func start(_ cluster: ForeignCluster) async {
        guard !cluster.authURL.isEmpty else { return await expect(cluster) }
        let route: PeerRoute
        do {
            route = try PeerRoute(cluster, .outgoing)
        } catch {
            putEdge(cluster)
            return context.edges.update(cluster.name) { $0.authentication = error.condition }
        }
        let tokenID = cluster.tokenID(.outgoing)
        let same = running.withLock { running in
            running.isStopped
                || (running.links[cluster.name].map { link in
                    link.route == route && link.clusterID == cluster.clusterID
                        && (tokenID.isEmpty || link.tokenID == tokenID)
                } ?? false)
        }
        guard !same else { return }
        await prepare(cluster)
        let link = EdgeLink(cluster: cluster, context: context, links: self)
        let dialler = dialler(route.address, route.proxy, .peering(name: cluster.name))
        running.withLock { running in
            guard !running.isStopped else { return }
            let task = Task { await link.run(dialler, credentials) }
            running.links[cluster.name] = Link(
                route: route, tokenID: tokenID, clusterID: cluster.clusterID, task: task)
        }
    }

    /// Ends what there may be of an older link, and makes the edge known.
    private func prepare(_ cluster: ForeignCluster) async {
        await stop(cluster.name)
        putEdge(cluster)
        if isFirst(cluster) {
            endpoints[cluster.virtualNode] = VirtualNodeEndpoint(edge: cluster.name, links: self)
        }
    }

    // MARK: - Edges that dial

    /// Takes the connections of an edge that has joined, from now on.
    private func expect(_ cluster: ForeignCluster) async {
        let isKnown = running.withLock { running in
            running.isStopped
                || (running.links[cluster.name].map { $0.route == nil && $0.clusterID == cluster.clusterID } ?? false)
        }
        guard !isKnown else { return }
        await prepare(cluster)
        let authentication = await joined.authentication(cluster.clusterID)
        context.edges.update(cluster.name) { $0.authentication = authentication }
        running.withLock { running in
            guard !running.isStopped else { return }
            running.links[cluster.name] = Link(route: nil, clusterID: cluster.clusterID, task: Task {})
        }
    }

    /// What stands for an edge that has joined.
    func joinedCluster(_ clusterID: String) -> ForeignCluster? {
        context.foreignClusters.objects(index: HubContext.byClusterID, clusterID).map(ForeignCluster.init)
            .first { $0.isEdge && $0.authURL.isEmpty && !$0.object.isBeingDeleted }
    }

    /// The connection of an edge that dials, also while it waits for the end of an older one.
    func current(_ edge: String) -> PeerConnection? { running.withLock { $0.links[edge]?.connection } }

    /// Talks with an edge that has dialled, until the connection is lost. An older connection of it ends first, unless it
    /// answers: then it is the new one that is refused.
    func serve(_ connection: PeerConnection, _ desk: EnrolmentDesk) async {
        guard let cluster = joinedCluster(connection.peer.clusterID),
            cluster.clusterName == connection.peer.clusterName
        else {
            return await connection.refuse(
                ErrorMessage(
                    code: .unavailable,
                    message: "\(context.configuration.clusterName) has no ForeignCluster for this edge yet; try again"))
        }
        await start(cluster)
        var task: Task<Void, Never>?
        while task == nil {
            let old = current(cluster.name)
            if let old {
                // Two may have been admitted before either was served.
                guard await !old.answers(within: context.configuration.duplicateCheck) else {
                    let address = connection.remoteAddress
                    return await connection.refuse(
                        await refuseDuplicate(of: cluster, from: address, showing: connection.identity))
                }
                await old.close(.replaced, message: "the edge has connected anew", epoch: nil)
            }
            guard let next = succeed(old, cluster, connection, desk) else { return }
            task = next.task
        }
        guard let task else { return }
        await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        running.withLock { running in
            if running.links[cluster.name]?.connection === connection { running.links[cluster.name]?.connection = nil }
        }
    }

    /// Has a connection served in the place of an older one.
    ///
    /// - Returns: `nil` where no edge is to be served; without a task where somebody else was faster.
    private func succeed(
        _ old: PeerConnection?, _ cluster: ForeignCluster, _ connection: PeerConnection, _ desk: EnrolmentDesk
    ) -> (task: Task<Void, Never>?, Void)? {
        let link = EdgeLink(cluster: cluster, context: context, links: self)
        return running.withLock { running in
            guard !running.isStopped, let known = running.links[cluster.name], known.route == nil else { return nil }
            guard known.connection === old else { return (nil, ()) }
            // One after the other: the end of the old service must not be taken for the new one's.
            let task = Task { [previous = known.task, copy = known.copy] in
                await previous.value
                await link.serve(connection, copy, .accepted(desk))
            }
            running.links[cluster.name]?.task = task
            running.links[cluster.name]?.connection = connection
            return (task, ())
        }
    }

    /// Makes the edge known without dialling it yet.
    func register(_ cluster: ForeignCluster) { putEdge(cluster) }

    private func putEdge(_ cluster: ForeignCluster) {
        guard context.edges[cluster.name]?.clusterID != cluster.clusterID else { return }
        var edge = Edge(name: cluster.name, clusterID: cluster.clusterID, node: cluster.virtualNode)
        edge.isWanted = cluster.outgoingEnabled == .yes
        // After a restart of the hub the edge counts as silent from now on, not from before.
        edge.silentSince = context.instant()
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
        context.logger.info(
            "a peering is over",
            metadata: ["audit": "peering-ended", "edge": "\(cluster.name)", "edge.id": "\(cluster.clusterID)"])
        let isJoined = cluster.authURL.isEmpty
        await attempt("cannot make the tokens worthless that were made for an edge", cluster) {
            try await joined.tokens.shutOut(
                cluster.clusterID, name: cluster.clusterName,
                madeUntil: cluster.object.deletionTimestamp.flatMap(Timestamp.seconds))
        }
        await attempt("cannot keep a farewell: the edge may not hear that its peering is over", cluster) {
            guard !isJoined, let held = try await credentials.load(cluster.clusterID) else { return }
            let route = try PeerRoute(cluster, .outgoing)
            try await farewells.prepare(
                Farewell(credentials: held, address: route.address, proxy: cluster.proxy))
        }
        await channel(cluster.name)?.close(.unpeered, message: "", epoch: nil)
        await stop(cluster.name)
        agents.withLock { $0[cluster.clusterID] = nil }
        if isFirst(cluster) { endpoints[cluster.virtualNode] = nil }
        // An edge that dials hears of it when it dials next: the hub does not know it any more.
        if isJoined {
            return await attempt("cannot end a peering that an edge has joined", cluster) {
                try await joined.end(cluster.clusterID)
            }
        }
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

    /// Revokes the certificates of an edge that has joined, and ends its connection. The peering stays: its pods run on, and it
    /// may enrol anew.
    ///
    /// - Returns: whether this hub has issued the edge's certificates.
    func revoke(_ cluster: ForeignCluster) async throws -> Bool {
        guard cluster.authURL.isEmpty, await joined.contains(cluster.clusterID) else { return false }
        // Before it hears that it is out: only a new token shall bring it back.
        try await joined.tokens.shutOut(cluster.clusterID, name: cluster.clusterName)
        let revoked = try await joined.book.revoke(cluster.clusterID)
        for certificate in revoked {
            context.logger.notice(
                "a certificate was revoked",
                metadata: [
                    "audit": "revoked", "edge": "\(cluster.name)", "edge.id": "\(cluster.clusterID)",
                    "fingerprint": "\(certificate.fingerprint)",
                ])
        }
        await channel(cluster.name)?.close(
            .revoked, message: "\(context.configuration.clusterName) has revoked the certificate of \(cluster.name)",
            epoch: nil)
        context.edges.update(cluster.name) { $0.authentication = JoinedEdges.revoked }
        return true
    }

    /// Whether the agent that has answered at an edge's address is the edge's: a clone of it is refused once both are known to live.
    func judge(_ connection: PeerConnection, of cluster: ForeignCluster) async -> ErrorMessage? {
        let verdict = agents.withLock {
            $0[cluster.clusterID, default: AgentSuccession()].answered(connection.peer.instance)
        }
        switch verdict {
        case .taken:
            return nil
        case .returned:
            _ = await refuseDuplicate(of: cluster, from: "", showing: nil)
            return nil
        case .refused:
            return await refuseDuplicate(of: cluster, from: connection.remoteAddress, showing: connection.identity)
        }
    }

    // MARK: - What goes out

    /// Publishes all that the edge shall have, then every change of it.
    func attach(_ edge: String, _ connection: any EdgeChannel) {
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
                connection.update(desired: [item], removals: [])
            } else {
                connection.update(desired: [], removals: [key])
            }
        }
    }
}
