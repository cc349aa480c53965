import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel

/// `uninstall`: removes Causeway's own objects from a cluster whose peerings and offloadings are over.
///
/// What `install` put there goes whole: Deployment, access rights, webhook, and the namespace `causeway-system` with all keys.
/// Where a daemon runs that nobody installed, the namespace, its `cluster-info` and its keys stay: it keeps them, and would
/// write them anew. With `purges` the CustomResourceDefinitions go; a daemon makes them again when it is started again.
struct Uninstallation: Sendable {
    let tool: Tool
    let purges: Bool
    let timeout: Duration
    var format = StatusFormat.text

    func run() async throws {
        var removed: [String] = []
        let deadline = ContinuousClock.now + timeout
        try tool.confirm("uninstall")
        try await tool.printer.stage(
            "Running pre-uninstall checks", done: "Pre-uninstall checks passed", failure: "Failed pre-uninstall checks"
        ) {
            try await check(deadline)
        }
        try await tool.printer.stage(
            "Uninstalling Causeway", done: "Causeway uninstalled", failure: "Failed uninstalling Causeway"
        ) {
            removed += try await removePeerings(deadline)
            removed += try await removeTokens()
            removed += try await InstalledObjects(tool: tool).remove(deadline)
        }
        if purges {
            try await tool.printer.stage(
                "Purging the Causeway CRDs", done: "Causeway CRDs purged", failure: "Failed purging the Causeway CRDs"
            ) {
                removed += try await removeDefinitions(deadline)
            }
        }
        if format == .json {
            tool.host.output.write((["removed": JSON(removed)] as JSON).text(.pretty) + "\n")
        }
    }

    // MARK: - Checks

    /// Refuses while something is still in use. What is just ending, such as a peering that the hub has ended a moment
    /// ago, is given a moment.
    private func check(_ deadline: ContinuousClock.Instant) async throws {
        var blockers: [String] = []
        do {
            try await tool.waiting.until(min(deadline, ContinuousClock.now + tool.host.pace.settling)) {
                blockers = try await self.blockers()
                return blockers.isEmpty ? true : nil as Bool?
            }
        } catch let error as TimedOut where !blockers.isEmpty && error.detail == nil {
            throw ToolError(["cluster \(tool.target) is still in use, nothing was changed"] + blockers)
        }
    }

    /// A line for each thing that is in use.
    private func blockers() async throws -> [String] {
        let peers = (try await tool.foreignClusters() ?? []).compactMap(Self.blocker)
        let offloadings = (try await tool.offloadings() ?? []).map { offloading in
            "the namespace \"\(offloading.namespace)\" is offloaded: "
                + "run '\(Invocation.name) unoffload namespace \(offloading.namespace)'"
        }
        return peers + offloadings
    }

    private static func blocker(_ cluster: ForeignCluster) -> String? {
        let outgoing = cluster.condition(.outgoing).status
        if cluster.outgoingEnabled == .yes || outgoing != .none {
            return "the outgoing peering with \"\(cluster.name)\" is \(outgoing.rawValue): "
                + "run '\(Invocation.name) unpeer out-of-band \(cluster.name)'"
        }
        let incoming = cluster.condition(.incoming).status
        guard incoming == .none else {
            return "the incoming peering of \"\(cluster.name)\" is \(incoming.rawValue): "
                + "run '\(Invocation.name) unpeer out-of-band' for this cluster at that one; where that one is gone for "
                + "good, run at this one: kubectl patch foreignclusters \(cluster.name) --type merge --patch "
                + "'{\"spec\":{\"incomingPeeringEnabled\":\"No\"}}'"
        }
        return nil
    }

    // MARK: - Removal

    private func removePeerings(_ deadline: ContinuousClock.Instant) async throws -> [String] {
        let clusters = try await tool.foreignClusters() ?? []
        for cluster in clusters {
            try await tool.cluster.deleteIfPresent(
                .foreignClusters, name: cluster.name, DeleteOptions(uid: cluster.object.uid))
        }
        var left: [ForeignCluster] = []
        do {
            try await tool.waiting.until(deadline) {
                left = try await tool.foreignClusters() ?? []
                return left.isEmpty ? true : nil as Bool?
            }
        } catch var error as TimedOut {
            error.detail = error.detail ?? "still there: \(left.map(\.name).joined(separator: ", "))"
            throw error
        }
        return clusters.map { "\(ResourceType.foreignClusters.groupResource)/\($0.name)" }
    }

    /// The tokens that were made here, and those that were brought here.
    private func removeTokens() async throws -> [String] {
        let prefixes = PeeringDirection.allCases.map { Names.tokenSecret(foreignCluster: "", $0) }
        var removed: [String] = []
        for secret in try await tool.cluster.list(.secrets, namespace: Names.systemNamespace).items
        where secret.label(Names.tokenLabel) != nil || prefixes.contains(where: secret.name.hasPrefix) {
            try await tool.cluster.deleteIfPresent(
                .secrets, namespace: Names.systemNamespace, name: secret.name, DeleteOptions(uid: secret.uid))
            removed.append("secrets/\(secret.name)")
        }
        return removed
    }

    private func removeDefinitions(_ deadline: ContinuousClock.Instant) async throws -> [String] {
        var removed: [String] = []
        for definition in CustomResources.all
        where try await tool.cluster.deleteIfPresent(.customResourceDefinitions, name: definition.name) {
            removed.append("\(ResourceType.customResourceDefinitions.groupResource)/\(definition.name)")
        }
        try await tool.waiting.until(deadline) {
            for definition in CustomResources.all
            where try await tool.cluster.find(.customResourceDefinitions, name: definition.name) != nil {
                return nil as Bool?
            }
            return true
        }
        return removed
    }
}
