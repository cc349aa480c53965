/// The spread scheduler: a snapshot of the cluster and the rule for ties. Pure; whoever owns it feeds changes and acts on decisions.
public struct SpreadScheduler: Sendable {
    /// What is known of nodes and pods; pods that were decided upon must be put in, or the next decision overlooks them.
    public var snapshot: ClusterSnapshot
    let ties: TieBreak

    /// - Parameter seed: settles ties; see `TieBreak`'s rule: fewest pods on the node, then a hash of seed and node.
    public init(seed: UInt64 = 0, snapshot: ClusterSnapshot = ClusterSnapshot()) {
        self.snapshot = snapshot
        ties = TieBreak(seed: seed)
    }

    /// What every node is worth to a pod.
    ///
    /// - Parameter exclusions: nodes that rejected the pod before, with the reason.
    public mutating func evaluate(_ pod: PendingPod, excluding exclusions: [String: String] = [:]) -> Evaluation {
        snapshot.evaluation(of: pod, excluding: exclusions)
    }

    /// The node a pod should get, and why; `node` is `nil` where none will do.
    public mutating func decide(_ pod: PendingPod, excluding exclusions: [String: String] = [:]) -> SchedulingDecision {
        let evaluation = evaluate(pod, excluding: exclusions)
        let nominated = evaluation.feasible.first { $0.node == nomination(of: pod) }
        let node = nominated?.node ?? ties.choose(among: evaluation.best)?.node
        return SchedulingDecision(node: node, evaluation: evaluation)
    }

    /// The node that `decide` would choose, found without evaluating every node; `nil` where none will do.
    ///
    /// What was found out for one pod is kept for the next of its template, and brought up to date by the nodes that changed;
    /// so the time taken hardly depends on how many nodes and pods there are. Pods with exclusions, and those that room was
    /// or is kept for by preemption, are decided upon plainly, and so are spread pods of a namespace that is filled like water.
    public mutating func node(for pod: PendingPod, excluding exclusions: [String: String] = [:]) -> String? {
        guard exclusions.isEmpty, snapshot.fill(for: pod) == nil, nomination(of: pod).isEmpty,
            snapshot.nominations(before: pod).isEmpty
        else {
            return decide(pod, excluding: exclusions).node
        }
        return snapshot.bestNode(for: pod, ties)
    }

    /// Whether pods of lower priority can make room for a pod that no node takes, and where that does the least harm.
    ///
    /// Nothing is changed: whoever acts on it ends the victims and calls `snapshot.nominate` so that the room is kept.
    ///
    /// - Parameters:
    ///   - evaluation: what was found out about the pod, without a feasible node.
    ///   - budgets: violated only where there is no other way.
    public mutating func preemption(
        for pod: PendingPod, after evaluation: Evaluation, budgets: [DisruptionBudget],
        excluding exclusions: [String: String] = [:]
    ) -> Preemption {
        let plugin = DefaultPreemption(pod: pod, budgets: budgets, exclusions: exclusions, ties: ties)
        if let obstacle = plugin.obstacle(evaluation, snapshot) { return .notEligible(obstacle) }
        if exclusions.isEmpty, let obstacle = snapshot.preemptionObstacle(for: pod) { return .hopeless(obstacle) }
        let preemption = plugin.find(evaluation, &snapshot)
        if exclusions.isEmpty, case .hopeless(let obstacle) = preemption {
            snapshot.setPreemptionObstacle(obstacle, for: pod)
        }
        return preemption
    }

    /// The node that has room for the pod since others were ended for it; empty for none.
    private func nomination(of pod: PendingPod) -> String {
        snapshot.nomination(of: pod.key)?.node ?? pod.nominatedNode
    }
}

/// Where a pod should run, with what was found out on the way.
public struct SchedulingDecision: Sendable {
    /// `nil` where no node will do.
    public let node: String?
    public let evaluation: Evaluation
}
