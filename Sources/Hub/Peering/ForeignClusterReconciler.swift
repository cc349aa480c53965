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
        // Without an address it stands for an edge that has joined, or it is none of ours.
        let hasJoined = await links.joined.contains(cluster.clusterID)
        guard !cluster.authURL.isEmpty || hasJoined || object.finalizers.contains(Names.peeringFinalizer) else {
            return .none
        }
        if object.isBeingDeleted { return try await remove(&cluster) }
        guard object.finalizers.contains(Names.peeringFinalizer) else {
            var object = object
            object.finalizers.append(Names.peeringFinalizer)
            _ = try await context.cluster.update(.foreignClusters, object)
            return .none
        }
        await links.start(cluster)
        if cluster.asksForRevocation { return try await revoke(cluster) }
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
        _ = try await context.cluster.merge(
            .foreignClusters, name: cluster.name, ["metadata": ["annotations": [Names.revokeAnnotation: .null]]])
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
        if status != stored.status {
            var object = stored
            object.status = status
            _ = try await context.cluster.updateStatus(.nodes, object)
        }
        cluster.set(.outgoing, Self.outgoing(cluster, edge, status), now: now)
        return .none
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
    private func describeConnection(_ edge: Edge, _ cluster: inout ForeignCluster, now: Int) {
        let hasExpired = edge.certificateNotAfter != 0 && edge.certificateNotAfter <= Int64(now)
        cluster.set(
            .authentication,
            hasExpired
                ? PeeringCondition(
                    .error, "CertificateExpired", "the hub's certificate for this edge has expired; peer again")
                : edge.authentication, now: now)
        cluster.set(.network, edge.network, now: now)
        cluster.set(.incoming, PeeringCondition(.none, "NotRequested"), now: now)
        let ready = edge.advertisement?.conditions.first { $0.type == "Ready" }
        cluster.set(
            .apiServer,
            !edge.isConnected
                ? PeeringCondition(.pending, "NotConnected")
                : ready?.status == "True"
                    ? PeeringCondition(.established, "APIServerReady")
                    : PeeringCondition(
                        ready?.status == "False" ? .error : .pending, ready?.reason ?? "APIServerNotReady",
                        ready?.message ?? ""), now: now)
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

    private func store(_ cluster: ForeignCluster, before: KubernetesObject) async throws {
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

    // MARK: - Towards None

    /// Moves the pods away, deletes the node and the remote namespaces; keeps the ForeignCluster.
    private func withdraw(_ cluster: inout ForeignCluster) async throws -> Requeue {
        let now = context.now()
        if let edge = context.edges[cluster.name] { describeConnection(edge, &cluster, now: now) }
        if try await isWithdrawn(cluster) {
            cluster.set(.outgoing, PeeringCondition(.none, "Withdrawn", "no outgoing peering is wanted"), now: now)
            // Told once only: this very reconciler is among those who hear of it.
            if context.edges[cluster.name]?.state != .left { context.edges.update(cluster.name) { $0.state = .left } }
            return .none
        }
        cluster.set(
            .outgoing, PeeringCondition(.disconnecting, "Withdrawing", "the pods are moving away from the edge"),
            now: now)
        return .after(.milliseconds(200))
    }

    /// Does the next step of a withdrawal.
    ///
    /// - Returns: whether nothing is left to do.
    private func isWithdrawn(_ cluster: ForeignCluster) async throws -> Bool {
        let edge = context.edges[cluster.name]
        if edge?.state != .draining, edge?.state != .left {
            context.edges.update(cluster.name) { edge in
                edge.state = .draining
                edge.withdrawnSince = context.instant()
            }
        }
        let now = context.instant()
        let isOverdue = now - (edge?.withdrawnSince ?? now) > context.configuration.withdrawalDeadline
        if let node = context.nodes.get(name: cluster.virtualNode), !node.isBeingDeleted,
            node.label(Names.remoteClusterIDLabel) == cluster.clusterID
        {
            if node.spec["unschedulable"]?.bool != true {
                _ = try await context.cluster.merge(
                    .nodes, name: node.name,
                    [
                        "metadata": ["annotations": [Names.edgeStateAnnotation: .string(EdgeState.draining.rawValue)]],
                        "spec": ["unschedulable": true],
                    ])
            }
            let bound = context.pods(boundTo: node.name)
            let isAway =
                edge.map { !$0.isConnected && $0.silence(at: now) >= context.configuration.withdrawalPatience } ?? true
            let isForced = isOverdue || isAway
            for pod in bound {
                guard isForced || !pod.isBeingDeleted else { continue }
                if !pod.isBeingDeleted {
                    context.noteEviction(of: pod, from: cluster.name, "the outgoing peering is withdrawn")
                }
                try await context.cluster.deleteIfPresent(
                    .pods, namespace: pod.namespace, name: pod.name,
                    DeleteOptions(gracePeriodSeconds: isForced ? 0 : nil, uid: pod.uid))
            }
            guard bound.isEmpty else { return false }
            try await context.cluster.deleteIfPresent(.nodes, name: node.name)
            try await context.cluster.deleteIfPresent(.leases, namespace: "kube-node-lease", name: node.name)
            return false
        }
        guard let edge, edge.isConnected, !isOverdue else { return true }
        return edge.isObservedComplete && edge.observed.isEmpty
    }

    /// Ends the peering: withdraws, says goodbye, lets the object go.
    private func remove(_ cluster: inout ForeignCluster) async throws -> Requeue {
        let before = cluster.object
        guard before.finalizers.contains(Names.peeringFinalizer) else { return .none }
        if context.edges[cluster.name]?.isWanted != false { context.edges.update(cluster.name) { $0.isWanted = false } }
        guard try await isWithdrawn(cluster) else {
            cluster.set(.outgoing, PeeringCondition(.disconnecting, "Removing"), now: context.now())
            try await store(cluster, before: before)
            return .after(.milliseconds(200))
        }
        // The local copy may lag behind this very reconciler: the peering that it names may be over, and another one of that
        // name have begun, whose token and credentials are not ours to take away.
        guard let current = try await context.cluster.find(.foreignClusters, name: cluster.name),
            current.uid == before.uid
        else { return .after(.milliseconds(100)) }
        await links.end(cluster)
        try await context.cluster.deleteIfPresent(
            .secrets, namespace: Names.systemNamespace, name: Names.tokenSecret(foreignCluster: cluster.name))
        var object = before
        object.finalizers.removeAll { $0 == Names.peeringFinalizer }
        do {
            _ = try await context.cluster.update(.foreignClusters, object)
        } catch let error as APIError where error.isNotFound {
            // Somebody else has let it go.
        }
        // Whoever peers under that name next begins anew, also where the object is back before anybody saw it gone.
        context.edges.remove(cluster.name)
        context.desired.remove(edge: cluster.name)
        return .none
    }
}
