import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel

/// `unpeer`: disables an outgoing peering, waits until nothing of it is left, and may forget the cluster.
struct Unpeering: Sendable {
    let tool: Tool
    /// The ForeignCluster's name.
    let name: String
    /// Whether the ForeignCluster goes as well.
    let forgets: Bool
    let timeout: Duration

    func run() async throws {
        let deadline = ContinuousClock.now + timeout
        let failure = "Failed unpeering clusters"
        let known: ForeignCluster
        do {
            known = try await tool.knownCluster(name)
            guard known.isEdge else {
                throw ToolError(
                    "\"\(name)\" is a hub that peers with this cluster: "
                        + "run '\(Invocation.name) unpeer out-of-band' at the hub's cluster")
            }
        } catch let error as ToolError {
            throw error.prefixed(failure)
        }
        try tool.confirm(forgets ? "unpeer out-of-band" : "unpeer")
        try await tool.printer.stage(
            "Processing cluster unpeering", done: "Outgoing peering marked as disabled", failure: failure
        ) {
            _ = try await tool.cluster.merge(
                .foreignClusters, name: name,
                ["spec": ["outgoingPeeringEnabled": .string(PeeringEnabled.no.rawValue)]])
        }
        let left = try await tool.printer.stage(
            "Disabling outgoing peering to the remote cluster \"\(name)\"",
            done: "Successfully disabled outgoing peering to the remote cluster \"\(name)\"",
            failure: "Failed disabling outgoing peering to the remote cluster \"\(name)\""
        ) {
            try await waitUntilDisabled(known, deadline)
        }
        guard forgets, let left else { return }
        try await forget(left, deadline)
    }

    /// - Returns: the ForeignCluster as it is then; `nil` where somebody else has deleted it.
    private func waitUntilDisabled(
        _ known: ForeignCluster, _ deadline: ContinuousClock.Instant
    ) async throws -> ForeignCluster? {
        var last = PeeringCondition(.none, "")
        do {
            return try await tool.waiting.until(deadline) {
                guard let object = try await tool.cluster.find(.foreignClusters, name: name),
                    object.uid == known.object.uid
                else { return .some(nil) }
                let cluster = ForeignCluster(object)
                last = cluster.condition(.outgoing)
                return last.status == .none ? .some(cluster) : nil
            }
        } catch var error as TimedOut {
            if error.detail == nil { error.detail = "\(last.status.rawValue) (\(last.reason)) \(last.message)" }
            throw error
        }
    }

    private func forget(_ cluster: ForeignCluster, _ deadline: ContinuousClock.Instant) async throws {
        let incoming = cluster.condition(.incoming).status
        guard incoming == .none || incoming == .denied else {
            try await tool.printer.stage(
                "Ending the outgoing peering with \"\(name)\"", failure: "Failed ending the outgoing peering"
            ) {
                try await OutgoingEnd(tool: tool, name: name, uid: cluster.object.uid).run(deadline)
            }
            tool.printer.warning(
                "The foreign cluster resource was not removed, as an incoming peering is still active")
            tool.printer.warning("Issue the unpeer command on the remote cluster \"\(name)\" to disable it")
            return
        }
        try await tool.printer.stage(
            "Removing the foreign cluster resource", done: "Foreign cluster resource successfully removed",
            failure: "Failed removing the foreign cluster resource"
        ) {
            do {
                try await tool.cluster.deleteIfPresent(
                    .foreignClusters, name: name, DeleteOptions(uid: cluster.object.uid))
            } catch let error as APIError where error.isConflict {
                return
            }
            try await tool.waiting.until(deadline) {
                let object = try await tool.cluster.find(.foreignClusters, name: name)
                return object?.uid == cluster.object.uid ? nil : true as Bool?
            }
        }
    }
}
