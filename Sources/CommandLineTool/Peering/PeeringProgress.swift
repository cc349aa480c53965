import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel

/// Waits for a peering stage by stage, and prints a line for each.
struct PeeringProgress: Sendable {
    let tool: Tool
    let direction: PeeringDirection
    /// The ForeignCluster's name.
    let name: String
    let uid: String
    /// How a peering stood that was there before: what it said then is not the answer to the new token.
    let before: ForeignCluster?
    let deadline: ContinuousClock.Instant
    /// How long the edge may be out of reach from the first look; `nil` for as long as everything else may take.
    let unreachablePatience: Duration?

    func run() async throws {
        let printer = tool.printer
        try await printer.stage(
            "Waiting for authentication to the cluster \"\(name)\"", done: "Authenticated to cluster \"\(name)\"",
            failure: "Authentication to the remote cluster \"\(name)\" failed"
        ) {
            try await wait(for: .authentication)
        }
        let (kind, way) = direction == .outgoing ? ("outgoing", "to") : ("incoming", "from")
        try await printer.stage(
            "Activating \(kind) peering \(way) the remote cluster \"\(name)\"",
            done:
                "\(direction == .outgoing ? "Outgoing" : "Incoming") peering activated \(way) the remote cluster \"\(name)\"",
            failure: "Failed activating \(kind) peering \(way) the remote cluster \"\(name)\""
        ) {
            try await wait(for: direction == .outgoing ? .outgoing : .incoming)
        }
        try await printer.stage(
            "Waiting for network to the remote cluster \"\(name)\"",
            done: "Network established to the remote cluster \"\(name)\"",
            failure: "Failed establishing networking to the remote cluster \"\(name)\""
        ) {
            try await wait(for: .network)
        }
        guard direction == .outgoing else { return printer.success("Peering successfully established") }
        try await printer.stage(
            "Waiting for node to be created for the remote cluster \"\(name)\"",
            done: "Node created for remote cluster \"\(name)\"",
            failure: "Failed waiting for node to be created for remote cluster \"\(name)\""
        ) {
            try await waitForNode()
        }
        printer.success("Peering successfully established")
    }

    // MARK: - Conditions

    private func current() async throws -> ForeignCluster {
        guard let object = try await tool.cluster.find(.foreignClusters, name: name), object.uid == uid,
            !object.isBeingDeleted
        else { throw ToolError("the foreign cluster \"\(name)\" was deleted meanwhile") }
        return ForeignCluster(object)
    }

    /// Waits until a condition is Established.
    private func wait(for type: PeeringConditionType) async throws {
        let start = ContinuousClock.now
        var tokenGoneSince: ContinuousClock.Instant?
        var last = PeeringCondition(.none, "")
        do {
            try await tool.waiting.until(deadline) {
                last = try await current().condition(type, of: direction)
                if last.status == .established { return true }
                if let before, last == before.condition(type, of: direction), last.status != .pending {
                    // Refused once more in the same words: nobody writes that down again.
                    if tokenGoneSince == nil, !(try await isTokenThere()) { tokenGoneSince = .now }
                    guard let since = tokenGoneSince, ContinuousClock.now - since >= tool.host.pace.settling else {
                        return nil
                    }
                }
                if try await isFinal(last, type) { throw ToolError(Self.text(last)) }
                if Self.unreachable.contains(last.reason), let unreachablePatience,
                    ContinuousClock.now - start >= unreachablePatience
                {
                    throw TimedOut()
                }
                return nil as Bool?
            }
        } catch let error as TimedOut {
            let waited = TimeSpan.text(TimeSpan.rounded(ContinuousClock.now - start))
            let detail = error.detail ?? Self.text(last)
            throw ToolError("timed out waiting for the condition after \(waited): \(detail)")
        }
    }

    private static let unreachable = ["EdgeUnreachable", "HubUnreachable"]

    /// Whether waiting cannot help: somebody has to do something.
    private func isFinal(_ condition: PeeringCondition, _ type: PeeringConditionType) async throws -> Bool {
        switch (type, condition.status) {
        case (_, .denied): return true
        case (.authentication, .error): return true
        // A virtual node that is not Ready yet may become so, and a network may come up.
        case (_, .error): return condition.reason == "NodeExists"
        case (.authentication, .pending) where condition.reason == "NoToken":
            // The Secret was there before the ForeignCluster: the hub has used it in vain, and forgotten how.
            return !(try await isTokenThere())
        case (_, .none), (_, .pending), (_, .established), (_, .disconnecting): return false
        }
    }

    /// Whether the daemon has not used the token yet, nor found it useless.
    private func isTokenThere() async throws -> Bool {
        try await tool.cluster.find(
            .secrets, namespace: Names.systemNamespace, name: Names.tokenSecret(foreignCluster: name, direction)) != nil
    }

    private static func text(_ condition: PeeringCondition) -> String {
        if !condition.message.isEmpty { return condition.message }
        if !condition.reason.isEmpty { return condition.reason }
        return "nothing was said of the peering; is the daemon running?"
    }

    // MARK: - The node

    private func waitForNode() async throws {
        let node = try await current().virtualNode
        try await tool.waiting.until(deadline) {
            guard let object = try await tool.cluster.find(.nodes, name: node) else { return nil as Bool? }
            return Conditions.isTrue("Ready", in: object.status["conditions"]) ? true : nil
        }
    }
}
