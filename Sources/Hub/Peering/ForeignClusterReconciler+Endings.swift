import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import Scheduling

/// How a peering is withdrawn, and how it ends.
extension ForeignClusterReconciler {
    /// Moves the pods away, deletes the node and the remote namespaces; keeps the ForeignCluster.
    func withdraw(_ cluster: inout ForeignCluster) async throws -> Requeue {
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
            for pod in bound.sorted(by: { $0.key < $1.key }) {
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
    func remove(_ cluster: inout ForeignCluster) async throws -> Requeue {
        let before = cluster.object
        guard before.finalizers.contains(Names.peeringFinalizer) else { return .none }
        if context.edges[cluster.name]?.isWanted != false { context.edges.update(cluster.name) { $0.isWanted = false } }
        guard try await isWithdrawn(cluster) else {
            cluster.set(.outgoing, PeeringCondition(.disconnecting, "Removing"), now: context.now())
            try await store(cluster, before: before)
            return .after(.milliseconds(200))
        }
        guard try await conclude(cluster) else { return .after(.milliseconds(100)) }
        var object = before
        object.finalizers.removeAll { $0 == Names.peeringFinalizer }
        do {
            _ = try await context.cluster.update(.foreignClusters, object)
        } catch let error as APIError where error.isNotFound {
            // Somebody else has let it go.
        }
        forget(cluster)
        return .none
    }

    /// Ends the outgoing peering for good and keeps the object, which stands for a hub of this cluster as well.
    func end(_ cluster: inout ForeignCluster) async throws -> Requeue {
        let before = cluster.object
        if context.edges[cluster.name]?.isWanted != false { context.edges.update(cluster.name) { $0.isWanted = false } }
        guard try await isWithdrawn(cluster) else {
            cluster.set(.outgoing, PeeringCondition(.disconnecting, "Removing"), now: context.now())
            try await store(cluster, before: before)
            return .after(.milliseconds(200))
        }
        guard try await conclude(cluster) else { return .after(.milliseconds(100)) }
        cluster.clear(
            .outgoing, PeeringCondition(.none, "Unpeered", "there is no outgoing peering with the cluster"),
            now: context.now())
        for field in ["network", "certificate", "agentVersion"] { cluster.object.status[field] = nil }
        if cluster.object.status != before.status {
            cluster.object = try await context.cluster.updateStatus(.foreignClusters, cluster.object)
        }
        cluster.object.finalizers.removeAll { $0 == Names.peeringFinalizer }
        for annotation in [Names.endOutgoingAnnotation, Names.tokenIDAnnotation(.outgoing)] {
            cluster.object.annotations[annotation] = nil
        }
        cluster.object.spec["foreignAuthUrl"] = nil
        cluster.object.spec["outgoingPeeringEnabled"] = .string(PeeringEnabled.no.rawValue)
        let left = ForeignCluster(try await context.cluster.update(.foreignClusters, cluster.object))
        forget(cluster)
        guard !left.isHub else { return .none }
        // The incoming peering has ended meanwhile: it stands for nothing any more.
        try await context.cluster.deleteIfPresent(
            .foreignClusters, name: left.name,
            DeleteOptions(uid: left.object.uid, resourceVersion: left.object.resourceVersion))
        return .none
    }

    /// - Returns: whether it is done; the local copy may lag behind this very reconciler: the peering that it names may be over,
    ///   and another one of that name have begun, whose token and credentials are not ours to take away.
    private func conclude(_ cluster: ForeignCluster) async throws -> Bool {
        guard let current = try await context.cluster.find(.foreignClusters, name: cluster.name),
            current.uid == cluster.object.uid, current.finalizers.contains(Names.peeringFinalizer),
            current.isBeingDeleted || ForeignCluster(current).asksForEnd
        else { return false }
        await links.end(cluster)
        try await context.cluster.deleteIfPresent(
            .secrets, namespace: Names.systemNamespace,
            name: Names.tokenSecret(foreignCluster: cluster.name, .outgoing))
        return true
    }

    /// Whoever peers under that name next begins anew, also where the object is back before anybody saw it gone.
    private func forget(_ cluster: ForeignCluster) {
        context.edges.remove(cluster.name)
        context.desired.remove(edge: cluster.name)
    }
}
