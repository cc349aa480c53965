/// One look at all nodes for one pod: filters in kube-scheduler's order, then the scores of what passed, added up.
///
/// Every node is considered; nothing is sampled.
struct SchedulingCycle {
    private let filters: [any NodeFilter]
    private let scores: [any NodeScore]

    /// - Parameter exclusions: nodes that rejected the pod before, with the reason.
    init(_ pod: PendingPod, _ snapshot: inout ClusterSnapshot, exclusions: [String: String]) {
        let taints = TaintToleration(pod)
        let affinity = NodeAffinity(pod)
        let fit = NodeResourcesFit(pod)
        var filters: [any NodeFilter] = affinity.namedNodes.map { [$0] } ?? []
        filters.append(EdgeStanding())
        if !exclusions.isEmpty { filters.append(EdgeRejection(exclusions: exclusions)) }
        filters += [NodeUnschedulable(pod), NodeName(pod), taints, affinity, NodePorts(pod), fit]
        let neighbours = InterPodAffinity(pod, &snapshot)
        filters += [PodTopologySpread(pod, &snapshot, besides: filters + [neighbours]), neighbours]
        self.filters = filters
        scores = [
            taints, affinity, fit, PodTopologySpreadScore(pod, &snapshot), neighbours,
            NodeResourcesBalancedAllocation(pod), ImageLocality(pod, snapshot),
        ]
    }

    /// - Parameter reserved: what pods with a better claim leave.
    func evaluate(_ snapshot: ClusterSnapshot, _ reserved: ReservedRoom) -> Evaluation {
        var evaluation = Evaluation()
        var passed: [SnapshotNode] = []
        for entry in snapshot.nodes {
            if let refusal = reserved.refusal(of: entry) ?? firstRefusal(of: entry) {
                evaluation.rejected.append(Evaluation.Rejected(node: entry.node.name, refusal: refusal))
            } else {
                passed.append(entry)
            }
        }
        var named: [[String: Int]] = Array(repeating: [:], count: passed.count)
        var totals = Array(repeating: 0, count: passed.count)
        for score in scores {
            let rule = type(of: score)
            guard let values = score.scores(of: passed) else { continue }
            for (place, value) in values.enumerated() {
                named[place][rule.name] = value * rule.weight
                totals[place] += value * rule.weight
            }
        }
        evaluation.feasible = passed.enumerated().map { place, entry in
            Evaluation.Candidate(
                node: entry.node.name, scores: named[place], total: totals[place], pods: entry.load.pods)
        }
        return evaluation
    }

    /// What the first filter that refuses the node says; `nil` where it will do.
    func firstRefusal(of entry: SnapshotNode) -> Refusal? {
        for filter in filters {
            if let refusal = filter.refusal(of: entry) { return refusal }
        }
        return nil
    }
}
