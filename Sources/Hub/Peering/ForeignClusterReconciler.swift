import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import Scheduling
import Wire

/// Keeps one peering: its link, its virtual node, and what its ForeignCluster says.
struct ForeignClusterReconciler: Sendable {
    let context: HubContext
    let links: EdgeLinks

    /// - Parameter name: the key: the ForeignCluster's name.
    func reconcile(_ name: String) async throws -> Requeue {
        guard let object = context.foreignClusters.get(name: name) else {
            await links.stop(name)
            context.edges.remove(name)
            context.desired.remove(edge: name)
            return .none
        }
        var cluster = ForeignCluster(object)
        // It may stand for a hub of this cluster: the agent's.
        let hasJoined = await links.joined.contains(cluster.clusterID)
        guard cluster.isEdge || hasJoined else {
            await links.stop(name)
            context.edges.remove(name)
            context.desired.remove(edge: name)
            return .none
        }
        if object.isBeingDeleted { return try await remove(&cluster) }
        guard object.finalizers.contains(Names.peeringFinalizer) else {
            var claimed = object
            claimed.finalizers.append(Names.peeringFinalizer)
            _ = try await context.cluster.update(
                .foreignClusters, cluster.isEdge ? claimed : JoinedEdges.claimed(object))
            return .none
        }
        await links.start(cluster)
        if cluster.revocationsAsked.contains(.outgoing) { return try await revoke(cluster) }
        if cluster.asksForEnd { return try await end(&cluster) }
        let isWanted = cluster.outgoingEnabled == .yes
        if context.edges[name]?.isWanted != isWanted { context.edges.update(name) { $0.isWanted = isWanted } }
        let requeue = isWanted ? try await establish(&cluster) : try await withdraw(&cluster)
        try await store(cluster, before: object)
        return requeue
    }

    /// Does as the annotation asks, and takes it away.
    private func revoke(_ cluster: ForeignCluster) async throws -> Requeue {
        if !(try await links.revoke(cluster)) {
            await context.events.record(
                .warning, cluster.object, reason: "NotTheIssuer",
                "the certificates of this peering are issued by \(cluster.clusterName): revoke them there, or unpeer")
        }
        _ = try await context.cluster.merge(.foreignClusters, name: cluster.name, cluster.revoked(.outgoing))
        return .none
    }

    // MARK: - Towards Established

    private func establish(_ cluster: inout ForeignCluster) async throws -> Requeue {
        guard let edge = context.edges[cluster.name] else { return .after(.milliseconds(100)) }
        let now = context.now()
        describeConnection(edge, &cluster, now: now)
        guard let advertisement = edge.advertisement else {
            let denied = edge.authentication.status == .denied
            cluster.set(
                .outgoing,
                PeeringCondition(denied ? .denied : .pending, edge.authentication.reason, edge.authentication.message),
                now: now)
            return .after(.seconds(2))
        }
        var state = edge.state
        if state == .draining || state == .left {
            context.edges.update(cluster.name) { edge in
                edge.resume()
                state = edge.state
            }
        }
        let labels = VirtualNode.labels(cluster, advertisement)
        if edge.labels != labels { context.edges.update(cluster.name) { $0.labels = labels } }
        guard let stored = try await keep(cluster, advertisement, state) else {
            cluster.set(
                .outgoing,
                PeeringCondition(
                    .error, "NodeExists",
                    "a node named \(cluster.virtualNode) exists and does not stand for this cluster; it was not touched"
                ),
                now: now)
            return .after(.seconds(5))
        }
        let status = VirtualNode.status(
            advertisement, state: state, isNetworkUp: edge.network.status == .established,
            address: context.configuration.nodeAddress,
            port: context.configuration.nodePort, before: stored.status, now: now)
        var requeue = Requeue.none
        if status != stored.status {
            let isAmountsOnly = VirtualNode.areAmountsAllThatDiffers(stored.status, status)
            if isAmountsOnly, let wait = context.nodePace.wait(for: stored.name, now: context.instant()) {
                requeue = .after(wait)
            } else {
                var object = stored
                object.status = status
                _ = try await context.cluster.updateStatus(.nodes, object)
                context.nodePace.wrote(stored.name, now: context.instant())
            }
        }
        cluster.set(.outgoing, Self.outgoing(cluster, edge, status), now: now)
        return requeue
    }

    /// What can be said of a peering whose node is there.
    private static func outgoing(_ cluster: ForeignCluster, _ edge: Edge, _ status: JSON) -> PeeringCondition {
        if edge.authentication.status == .denied {
            return PeeringCondition(.denied, edge.authentication.reason, edge.authentication.message)
        }
        let ready = Conditions.find("Ready", in: status["conditions"])
        return ready?["status"] == "True"
            ? PeeringCondition(.established, "VirtualNodeReady", "virtual node \(cluster.virtualNode) is Ready")
            : PeeringCondition(.error, "VirtualNodeNotReady", ready?["message"]?.string ?? "")
    }

    /// Makes the node, or brings it up to date.
    ///
    /// - Returns: `nil` where a node of that name stands for something else.
    private func keep(
        _ cluster: ForeignCluster, _ advertisement: AdvertiseMessage, _ state: EdgeState
    ) async throws -> KubernetesObject? {
        var before = context.nodes.get(name: cluster.virtualNode)
        if before == nil {
            let new = VirtualNode.node(cluster, advertisement, state: state, before: nil)
            do {
                return try await context.cluster.create(.nodes, new)
            } catch let error as APIError where error.isAlreadyExists {
                // The local copy lags, or the node is none of ours.
                before = try await context.cluster.find(.nodes, name: cluster.virtualNode)
            }
        }
        guard let before, before.label(Names.remoteClusterIDLabel) == cluster.clusterID else { return nil }
        let node = VirtualNode.node(cluster, advertisement, state: state, before: before)
        return node == before ? before : try await context.cluster.update(.nodes, node)
    }

    /// The conditions that the link alone decides.
    func describeConnection(_ edge: Edge, _ cluster: inout ForeignCluster, now: Int) {
        let hasExpired = edge.certificateNotAfter != 0 && edge.certificateNotAfter <= Int64(now)
        cluster.set(
            .authentication,
            hasExpired
                ? PeeringCondition(
                    .error, "CertificateExpired", "the hub's certificate for this edge has expired; peer again")
                : edge.authentication.status == .established
                    ? edge.duplicate?.condition(of: cluster.clusterName) ?? edge.authentication : edge.authentication,
            of: .outgoing, now: now)
        cluster.set(.network, edge.network, of: .outgoing, now: now)
        // Where the cluster has an agent as well, that is the agent's to say.
        if !cluster.has(.incoming) { cluster.set(.incoming, PeeringCondition(.none, "NotRequested"), now: now) }
        let ready = edge.advertisement?.conditions.first { $0.type == "Ready" }
        cluster.set(
            .apiServer,
            !edge.isConnected
                ? PeeringCondition(.pending, "NotConnected")
                : ready?.status == "True"
                    ? PeeringCondition(.established, "APIServerReady")
                    : PeeringCondition(
                        ready?.status == "False" ? .error : .pending, ready?.reason ?? "APIServerNotReady",
                        ready?.message ?? ""), of: .outgoing, now: now)
        cluster.roundTripTime = edge.network.status == .established ? edge.roundTripTime.map(Self.text) : nil
        var status = cluster.object.status
        status["agentVersion"] = edge.agentVersion.isEmpty ? nil : .string(edge.agentVersion)
        status["certificate", "notAfter"] =
            edge.certificateNotAfter == 0 ? nil : .string(Timestamp.text(Int(edge.certificateNotAfter)))
        cluster.object.status = status
    }

    /// Milliseconds with one decimal place, so that the status does not change with every probe.
    private static func text(_ time: Duration) -> String {
        let tenths = time.components.seconds * 10_000 + time.components.attoseconds / 100_000_000_000_000
        return "\(tenths / 10).\(tenths % 10)ms"
    }

    func store(_ cluster: ForeignCluster, before: KubernetesObject) async throws {
        guard cluster.object.status != before.status else { return }
        // A new round-trip time alone is not worth a write, and a watch event for everybody, each second.
        if before.status["network"]?["roundTripTime"] != nil, cluster.roundTripTime != nil {
            var calm = cluster
            calm.roundTripTime = ForeignCluster(before).roundTripTime
            if calm.object.status == before.status, !isWorthTelling(from: ForeignCluster(before), to: cluster) {
                return
            }
        }
        _ = try await context.cluster.updateStatus(.foreignClusters, cluster.object)
    }

    /// Whether the round-trip time has moved by more than half.
    private func isWorthTelling(from old: ForeignCluster, to new: ForeignCluster) -> Bool {
        func value(_ text: String?) -> Double { Double((text ?? "0ms").dropLast(2)) ?? 0 }
        let (before, after) = (value(old.roundTripTime), value(new.roundTripTime))
        return abs(after - before) > max(0.5, before / 2)
    }
}
