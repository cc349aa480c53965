import KubernetesModel

/// Keeps a pod off nodes where it would break a `DoNotSchedule` spread constraint.
///
/// The skew of a domain is its counted pods, with this one if its own constraint counts it, less the fewest of any domain.
struct PodTopologySpread: NodeFilter {
    static let name = "PodTopologySpread"

    private struct Bound {
        let counts: DomainCounts
        let most: Int
    }

    private let bounds: [Bound]

    init(_ pod: PendingPod, _ snapshot: inout ClusterSnapshot) {
        let hard = pod.constraints.filter { $0.isHard }
        var bounds: [Bound] = []
        for constraint in hard {
            let counts = snapshot.counts(for: .spread(SpreadRule(constraint, of: pod, among: hard)))
            let countsItself = constraint.selector?.matches(pod.asPlaced.labels) ?? false
            bounds.append(Bound(counts: counts, most: Self.most(constraint, counts, countsItself)))
        }
        self.bounds = bounds
    }

    /// What a pod's constraints make of domains, `DoNotSchedule` first.
    static func inputs(of pod: PendingPod, _ snapshot: inout ClusterSnapshot) -> [TopologyInput] {
        var inputs: [TopologyInput] = []
        for alike in [pod.constraints.filter { $0.isHard }, pod.constraints.filter { !$0.isHard }] {
            for constraint in alike {
                let countsItself = constraint.selector?.matches(pod.template.labels) ?? false
                let rule = CountRule.spread(SpreadRule(constraint, of: pod, among: alike))
                inputs.append(
                    TopologyInput(
                        role: constraint.isHard
                            ? .bounded(constraint, countsItself: countsItself) : .spread(constraint),
                        source: .rule(snapshot.number(of: rule))))
            }
        }
        return inputs
    }

    /// The most pods a domain may have for the pod to join.
    static func most(_ constraint: SpreadConstraint, _ counts: DomainCounts, _ countsItself: Bool) -> Int {
        // Too few domains: as if there was an empty one.
        let fewest = counts.domainCount < constraint.minDomains ? 0 : counts.fewestPods
        return constraint.maxSkew + fewest - (countsItself ? 1 : 0)
    }

    func refusal(of entry: SnapshotNode) -> Refusal? {
        for bound in bounds {
            guard let domain = bound.counts.domain(ofNodeAt: entry.place) else {
                return Refusal(
                    Self.name, ["node(s) didn't match pod topology spread constraints (missing required label)"],
                    mayHelpToPreempt: false)
            }
            if bound.counts.pods(inDomain: domain) > bound.most {
                return Refusal(Self.name, ["node(s) didn't match pod topology spread constraints"])
            }
        }
        return nil
    }
}
