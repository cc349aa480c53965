import ClusterAPI
import KubernetesModel
import Logging
import OffloadingModel
import Wire

/// Ends a peering: the certificates at once, then everything that ran for the hub, then the peering itself. Goes on after a
/// restart.
struct PeeringEnding: Sendable {
    let context: AgentContext
    /// The ids of hubs whose peering ends.
    let queue: WorkQueue<String>

    /// Called when a hub has said that the peering is over.
    func begin(_ hub: HubPeering) async {
        do {
            try await context.book.change(hub.clusterID) { known, _ in
                guard var record = known else { throw EnrolmentDesk.NotPeered() }
                record.isEnding = true
                record.revokeAll()
                return record
            }
        } catch is EnrolmentDesk.NotPeered {
            return
        } catch {
            // Without a note of it the next start would take the peering up again; the hub's next epoch cleans up then.
            context.logger.error(
                "the end of a peering cannot be stored",
                metadata: [LogKey.hubID: "\(hub.clusterID)", LogKey.error: "\(error)"])
        }
        hub.isEnding = true
        context.logger.info(
            "a peering ends",
            metadata: [LogKey.audit: "revoked", LogKey.hubID: "\(hub.clusterID)", LogKey.hub: "\(hub.clusterName)"])
        queue.add(hub.clusterID)
    }

    func reconcile(_ clusterID: String) async throws -> Requeue {
        guard let hub = context.hubs[clusterID], hub.isEnding else { return .none }
        guard context.isSynced else { return .after(.milliseconds(100)) }
        await hub.detachAny()?.close(.unpeered, message: "the peering is over", epoch: nil)
        let pods = context.pods(of: clusterID)
        let namespaces = context.namespaces(of: clusterID)
        for pod in pods where !pod.isBeingDeleted {
            try await context.cluster.deleteIfPresent(
                .pods, namespace: pod.namespace, name: pod.name, DeleteOptions(uid: pod.uid))
        }
        for namespace in namespaces where !namespace.isBeingDeleted {
            try await context.cluster.deleteIfPresent(
                .namespaces, name: namespace.name, DeleteOptions(uid: namespace.uid))
        }
        guard pods.isEmpty, namespaces.isEmpty else { return .after(.milliseconds(250)) }
        guard try await context.book.removeEnded(clusterID) else { return .none }
        context.hubs.remove(hub)
        if let object = context.foreignClusters.get(name: hub.clusterName),
            ForeignCluster(object).clusterID == clusterID
        {
            try await context.cluster.deleteIfPresent(
                .foreignClusters, name: object.name, DeleteOptions(uid: object.uid))
        }
        context.logger.info(
            "a peering is over",
            metadata: [LogKey.hubID: "\(hub.clusterID)", LogKey.hub: "\(hub.clusterName)"])
        return .none
    }
}
