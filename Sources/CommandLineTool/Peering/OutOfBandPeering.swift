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
        let (cluster, before) = try await tool.printer.stage(
            "Processing cluster peering", done: "Peering enabled", failure: "Failed peering clusters"
        ) {
            let known = try await check()
            if let known { return (try await ask(of: known), known as ForeignCluster?) }
            return (try await create(), nil)
        }
        let progress = PeeringProgress(
            tool: tool, direction: request.direction, name: cluster.name, uid: cluster.object.uid, before: before,
            deadline: deadline,
            unreachablePatience: timeout == nil ? tool.host.pace.unreachablePatience : nil)
        do {
            try await progress.run()
        } catch {
            switch before {
            case nil: await takeBack(cluster)
            case let before? where isNewDirection(before): await takeBack(cluster, leaving: before)
            case .some: await keep(cluster)
            }
            throw error
        }
    }

    // MARK: - Before

    /// Refuses what cannot become a peering, before anything is made.
    ///
    /// - Returns: the peering that there is, and that goes the other way only or whose certificates are of no use any more; `nil`
    ///   where there is none.
    private func check() async throws -> ForeignCluster? {
        let own = try await tool.clusterInfo()
        guard request.clusterID != own.clusterID else {
            throw ToolError("the Cluster ID of the remote cluster is the same of that of the local cluster")
        }
        guard own[request.direction == .outgoing ? .hub : .agent] != nil else {
            throw ToolError(
                request.direction == .outgoing
                    ? "cluster \(tool.target) is an edge (\(own.clusterName)): only an origin peers out of band; "
                        + "choose the origin with --kubeconfig, or start a causeway-hub beside this cluster's agent"
                    : "cluster \(tool.target) is an origin (\(own.clusterName)): only an edge joins; "
                        + "choose the edge with --kubeconfig, or start a causeway-agent beside this cluster's hub")
        }
        guard let known = try await tool.foreignClusters() else {
            throw ToolError(
                "cluster \(tool.target) has no ForeignClusters: their CustomResourceDefinition is missing; restart the daemon"
            )
        }
        if let same = known.first(where: { $0.name == request.name }) {
            guard isNewDirection(same) || needsToken(same) else { throw refusal(same) }
            return same
        }
        if let same = known.first(where: { $0.clusterID == request.clusterID }) {
            throw ToolError(
                "cluster \(request.clusterID) is peered already, under the name \"\(same.name)\"; "
                    + "unpeer that first, or keep it")
        }
        return nil
    }

    /// Whether a peering goes on with a new token: it is this very one, this cluster dials, and the other refuses what proves it.
    private func needsToken(_ known: ForeignCluster) -> Bool {
        let (url, isWanted) =
            request.direction == .outgoing
            ? (known.authURL, known.outgoingEnabled) : (known.hubURL, known.incomingEnabled)
        let status = known.condition(.authentication, of: request.direction).status
        return isSame(known) && !url.isEmpty && isWanted == .yes && [.denied, .error].contains(status)
    }

    private func isSame(_ known: ForeignCluster) -> Bool {
        known.clusterID == request.clusterID && !known.object.isBeingDeleted
    }

    /// Whether the cluster is known by a peering that goes the other way, and by none that goes this way.
    private func isNewDirection(_ known: ForeignCluster) -> Bool {
        guard isSame(known) else { return false }
        return request.direction == .outgoing ? known.isHub && !known.isEdge : known.isEdge && !known.isHub
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

    private var secretName: String { Names.tokenSecret(foreignCluster: request.name, request.direction) }

    /// Leaves the token with the daemon.
    private func storeToken() async throws {
        let secret = KubernetesObject(
            .secrets, name: secretName, namespace: Names.systemNamespace,
            ["type": "Opaque", "data": ["token": .string(Base64.encode(request.token.text.utf8))]])
        do {
            _ = try await tool.cluster.create(.secrets, secret)
        } catch let error as APIError where error.isAlreadyExists {
            // Left by a command that was killed: there is no ForeignCluster that it could be for.
            _ = try await tool.cluster.update(.secrets, secret)
        }
    }

    /// Gives a cluster that is known the new token and the address that came with it, and has it peered this way.
    private func ask(of known: ForeignCluster) async throws -> ForeignCluster {
        try await storeToken()
        var annotations: JSON = [Names.tokenIDAnnotation(request.direction): .string(request.token.id)]
        if let proxy = request.proxy { annotations[Names.proxyAnnotation] = .string(proxy) }
        // Also where it was made when one field named who is dialled: its address stays.
        var spec: JSON = known.hubURL.isEmpty ? [:] : ["foreignHubUrl": .string(known.hubURL)]
        let yes = JSON.string(PeeringEnabled.yes.rawValue)
        switch request.direction {
        case .outgoing:
            spec["foreignAuthUrl"] = .string(request.authURL)
            spec["outgoingPeeringEnabled"] = yes
        case .incoming:
            spec["foreignHubUrl"] = .string(request.authURL)
            spec["incomingPeeringEnabled"] = yes
        }
        return ForeignCluster(
            try await tool.cluster.merge(
                .foreignClusters, name: known.name,
                ["metadata": ["annotations": annotations], "spec": spec]))
    }

    /// Makes the token's Secret, then the ForeignCluster: the hub finds the token when it first looks.
    private func create() async throws -> ForeignCluster {
        try await storeToken()
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

    /// A peering that was there before stays as it is; the token that did not help goes.
    private func keep(_ cluster: ForeignCluster) async {
        _ = try? await tool.cluster.deleteIfPresent(.secrets, namespace: Names.systemNamespace, name: secretName)
        tool.printer.info("The peering \"\(cluster.name)\" stays as it was")
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
            let cluster = ForeignCluster(object)
            // Where the object stands for an edge as well, it is the hub that says so.
            let isOff = cluster.condition(.incoming).reason == "TurnedOff" || cluster.isEdge && !cluster.has(.incoming)
            return isOff ? true : nil
        }
    }

    /// Has what was begun this way ended again; the peering that goes the other way stays.
    private func takeBack(_ cluster: ForeignCluster, leaving before: ForeignCluster) async {
        let deadline = ContinuousClock.now + tool.host.pace.rollback
        do {
            try await tool.printer.stage("Removing the peering again") {
                switch request.direction {
                case .outgoing:
                    try await OutgoingEnd(tool: tool, name: cluster.name, uid: cluster.object.uid).run(deadline)
                case .incoming:
                    try await leave(cluster, deadline)
                    _ = try await tool.cluster.merge(
                        .foreignClusters, name: cluster.name,
                        [
                            "metadata": ["annotations": [Names.tokenIDAnnotation(.incoming): .null]],
                            "spec": [
                                "incomingPeeringEnabled": .string(before.incomingEnabled.rawValue),
                                "foreignHubUrl": .null,
                            ],
                        ])
                }
            }
        } catch {
            tool.printer.warning(
                "The peering with \"\(cluster.name)\" is still being removed; "
                    + "look at 'kubectl get foreignclusters \(cluster.name)'")
        }
        await keep(cluster)
    }
}
