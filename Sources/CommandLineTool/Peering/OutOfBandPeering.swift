import ClusterAPI
import Digests
import JSONTree
import KubernetesModel
import OffloadingModel
import Sessions

/// `peer out-of-band` and `join out-of-band`: asks for a peering and waits until it stands. A failure takes back what was made.
struct OutOfBandPeering: Sendable {
    let tool: Tool
    let request: PeeringRequest
    /// `nil` for what suits: long for an edge that answers, short for one that does not.
    let timeout: Duration?

    static let defaultTimeout: Duration = .seconds(120)

    func run() async throws {
        let deadline = ContinuousClock.now + (timeout ?? Self.defaultTimeout)
        let cluster = try await tool.printer.stage(
            "Processing cluster peering", done: "Peering enabled", failure: "Failed peering clusters"
        ) {
            try await check()
            return try await create()
        }
        let progress = PeeringProgress(
            tool: tool, direction: request.direction, name: cluster.name, uid: cluster.object.uid, deadline: deadline,
            unreachablePatience: timeout == nil ? tool.host.pace.unreachablePatience : nil)
        do {
            try await progress.run()
        } catch {
            await takeBack(cluster)
            throw error
        }
    }

    // MARK: - Before

    /// Refuses what cannot become a peering, before anything is made.
    private func check() async throws {
        let own = try await tool.clusterInfo()
        guard request.clusterID != own.clusterID else {
            throw ToolError("the Cluster ID of the remote cluster is the same of that of the local cluster")
        }
        switch (request.direction, own.role) {
        case (.outgoing, .hub), (.incoming, .agent): break
        case (.outgoing, .agent):
            throw ToolError(
                "cluster \(tool.target) is an edge (\(own.clusterName)): only an origin peers out of band; "
                    + "choose the origin with --kubeconfig")
        case (.incoming, .hub):
            throw ToolError(
                "cluster \(tool.target) is an origin (\(own.clusterName)): only an edge joins; "
                    + "choose the edge with --kubeconfig")
        }
        guard let known = try await tool.foreignClusters() else {
            throw ToolError(
                "cluster \(tool.target) has no ForeignClusters: their CustomResourceDefinition is missing; restart the daemon"
            )
        }
        if let same = known.first(where: { $0.name == request.name }) { throw refusal(same) }
        if let same = known.first(where: { $0.clusterID == request.clusterID }) {
            throw ToolError(
                "cluster \(request.clusterID) is peered already, under the name \"\(same.name)\"; "
                    + "unpeer that first, or keep it")
        }
    }

    /// Why a name that is taken cannot be peered.
    private func refusal(_ known: ForeignCluster) -> ToolError {
        let unpeer = "\(Invocation.name) unpeer out-of-band \(known.name)"
        if known.object.isBeingDeleted {
            return ToolError("\"\(known.name)\" is just being unpeered; try again when that is done")
        }
        guard known.clusterID == request.clusterID else {
            return ToolError(
                "the name \"\(known.name)\" is peered already, with another cluster (\(known.clusterID)); "
                    + "choose another name, or run '\(unpeer)' first")
        }
        guard request.direction == .outgoing else {
            return ToolError(
                "\"\(known.name)\" is peered already (incoming peering \(known.condition(.incoming).status.rawValue)); to join "
                    + "anew, run '\(unpeer)' for this cluster at that one first")
        }
        guard known.outgoingEnabled == .yes else {
            return ToolError(
                "\"\(known.name)\" is peered already and disabled; resume it with '\(Invocation.name) peer \(known.name)'"
            )
        }
        let state = known.condition(.outgoing).status.rawValue
        return ToolError(
            "\"\(known.name)\" is peered already (outgoing peering \(state)); to peer anew run '\(unpeer)' first")
    }

    // MARK: - Making and taking back

    private var secretName: String { Names.tokenSecret(foreignCluster: request.name) }

    /// Makes the token's Secret, then the ForeignCluster: the hub finds the token when it first looks.
    private func create() async throws -> ForeignCluster {
        let secret = KubernetesObject(
            .secrets, name: secretName, namespace: Names.systemNamespace,
            ["type": "Opaque", "data": ["token": .string(Base64.encode(request.token.text.utf8))]])
        do {
            _ = try await tool.cluster.create(.secrets, secret)
        } catch let error as APIError where error.isAlreadyExists {
            // Left by a command that was killed: there is no ForeignCluster that it could be for.
            _ = try await tool.cluster.update(.secrets, secret)
        }
        do {
            return ForeignCluster(try await tool.cluster.create(.foreignClusters, request.foreignCluster.object))
        } catch let error as APIError where error.isAlreadyExists {
            // Somebody was faster, and the Secret of this name is theirs as well now: it is not ours to delete.
            throw ToolError("\"\(request.name)\" was peered by somebody else just now")
        } catch {
            _ = try? await tool.cluster.deleteIfPresent(
                .secrets, namespace: Names.systemNamespace, name: secretName)
            throw tool.explain(error)
        }
    }

    /// Removes what was made, and waits until it is gone.
    private func takeBack(_ cluster: ForeignCluster) async {
        let deadline = ContinuousClock.now + tool.host.pace.rollback
        do {
            try await tool.printer.stage("Removing the peering again") {
                if request.direction == .incoming { try await leave(cluster, deadline) }
                try await tool.waiting.until(deadline) {
                    do {
                        try await tool.cluster.deleteIfPresent(
                            .foreignClusters, name: cluster.name, DeleteOptions(uid: cluster.object.uid))
                    } catch let error as APIError where error.isConflict {
                        // A later one of the same name is not ours.
                        return true
                    }
                    let left = try await tool.cluster.find(.foreignClusters, name: cluster.name)
                    return left?.uid == cluster.object.uid ? nil : true as Bool?
                }
                try await tool.cluster.deleteIfPresent(
                    .secrets, namespace: Names.systemNamespace, name: secretName)
            }
            tool.printer.info("The peering was removed again, nothing has changed")
        } catch {
            tool.printer.warning(
                "The foreign cluster \"\(cluster.name)\" is still being removed; "
                    + "look at 'kubectl get foreignclusters \(cluster.name)'")
        }
    }

    /// Has the agent end what it may have begun: it keeps a peering that was established, whatever is deleted.
    private func leave(_ cluster: ForeignCluster, _ deadline: ContinuousClock.Instant) async throws {
        _ = try await tool.cluster.merge(
            .foreignClusters, name: cluster.name,
            ["spec": ["incomingPeeringEnabled": .string(PeeringEnabled.no.rawValue)]])
        try await tool.waiting.until(deadline) {
            guard let object = try await tool.cluster.find(.foreignClusters, name: cluster.name),
                object.uid == cluster.object.uid
            else { return true as Bool? }
            return ForeignCluster(object).condition(.incoming).reason == "TurnedOff" ? true : nil
        }
    }
}
