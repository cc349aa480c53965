/// What a scheduling cycle found out about every node: enough to decide, and to explain the decision.
public struct Evaluation: Sendable {
    /// A node that passes all filters.
    public struct Candidate: Sendable, Hashable {
        public let node: String
        /// Each rule's score, weighted; rules that had nothing to say about the pod are absent.
        public let scores: [String: Int]
        public let total: Int
        /// Pods on the node, for ties.
        let pods: Int
    }

    /// A node that some filter refused.
    public struct Rejected: Sendable, Hashable {
        public let node: String
        public let refusal: Refusal
    }

    public internal(set) var feasible: [Candidate] = []
    /// With what the first filter that refused each said.
    public internal(set) var rejected: [Rejected] = []

    public var nodeCount: Int { feasible.count + rejected.count }

    /// The nodes of the highest total.
    public var best: [Candidate] {
        guard let most = feasible.lazy.map(\.total).max() else { return [] }
        return feasible.filter { $0.total == most }
    }

    /// The filters that refused nodes: what must change for the pod to have another chance.
    public var refusingPlugins: Set<String> { Set(rejected.lazy.map(\.refusal.plugin)) }

    /// Why the pod has no node, worded as kube-scheduler's `FailedScheduling` events are.
    ///
    /// Such as `0/5 nodes are available: 2 Insufficient cpu, 3 node(s) were unschedulable.`; a node with several reasons counts
    /// for each.
    public var failureMessage: String {
        guard nodeCount > 0 else { return "no nodes available to schedule pods" }
        var nodes: [String: Int] = [:]
        for entry in rejected { for reason in entry.refusal.reasons { nodes[reason, default: 0] += 1 } }
        return Self.message(nodes: nodeCount, nodes)
    }

    /// The same where preemption was thought of in vain.
    ///
    /// kube-scheduler also looks for resource claims that could be given up, and says that there are none; so do we.
    ///
    /// - Parameter obstacle: what `Preemption.hopeless` says.
    public func failureMessage(withoutPreemption obstacle: String) -> String {
        nodeCount == 0 ? failureMessage : "\(failureMessage) no new claims to deallocate, preemption: \(obstacle)"
    }

    static func message(nodes: Int, _ reasons: [String: Int]) -> String {
        let parts = reasons.map { $0.key == NamedNodes.conflict ? $0.key : "\($0.value) \($0.key)" }
        let sorted = parts.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        return "0/\(nodes) nodes are available: \(sorted.joined(separator: ", "))."
    }
}
