import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel

/// `revoke`: has the daemon refuse the certificates that it has issued to a peer, and waits until it does.
struct Revocation: Sendable {
    let tool: Tool
    /// The ForeignCluster's name.
    let name: String
    let timeout: Duration

    func run() async throws {
        let deadline = ContinuousClock.now + timeout
        let info = try await tool.clusterInfo()
        let known = try await tool.knownCluster(name)
        let issuing = known.issuing
        guard !issuing.isEmpty else {
            throw ToolError(
                "the certificates of this peering were issued by \"\(name)\", which this cluster dials: run "
                    + "'\(Invocation.name) revoke \(info.clusterName)' at that cluster")
        }
        try tool.confirm("revoke")
        try await tool.printer.stage(
            "Revoking the certificates of \"\(name)\"",
            done: "Certificates of \"\(name)\" revoked, and its connection closed",
            failure: "Failed revoking the certificates of \"\(name)\""
        ) {
            _ = try await tool.cluster.merge(
                .foreignClusters, name: name, ["metadata": ["annotations": [Names.revokeAnnotation: "true"]]])
            try await wait(known, deadline)
        }
        for direction in PeeringDirection.allCases where issuing.contains(direction) {
            let (generate, place, pods) =
                direction == .incoming
                ? (
                    "peer-command", "that origin",
                    "Its pods go on until it has replaced them elsewhere, or this edge's revoked-grace-period is over."
                )
                : ("join-command", "that edge", "Its pods are replaced elsewhere as their namespaces say.")
            tool.printer.info(
                "\(pods) For it to come back run '\(Invocation.name) generate \(generate)' here, and what it prints at "
                    + "\(place)")
        }
    }

    private func wait(_ known: ForeignCluster, _ deadline: ContinuousClock.Instant) async throws {
        do {
            try await tool.waiting.until(deadline) {
                guard let object = try await tool.cluster.find(.foreignClusters, name: name),
                    object.uid == known.object.uid
                else { throw ToolError("the foreign cluster \"\(name)\" was deleted meanwhile") }
                let cluster = ForeignCluster(object)
                let isDone =
                    cluster.revocationsAsked.isEmpty
                    && known.issuing.allSatisfy { cluster.condition(.authentication, of: $0).status == .denied }
                return isDone ? true : nil as Bool?
            }
        } catch is TimedOut {
            throw ToolError(
                "the daemon has not done it within \(TimeSpan.text(timeout)); is it running? It does it when it runs")
        }
    }
}
