import KubernetesModel

/// Keeps a pod off nodes where it would break a `DoNotSchedule` spread constraint.
///
/// The skew of a domain is its counted pods, with this one if its own constraint counts it, less the fewest of any domain; in
/// a namespace that is filled like water it is measured against the water's level.
struct PodTopologySpread: NodeFilter {
    static let name = "PodTopologySpread"

    private struct Bound {
        let counts: DomainCounts
        let constraint: SpreadConstraint
        let countsItself: Bool
        let most: Int
        /// In a namespace that is filled like water.
        var level: WaterLevel?
        /// By number; empty where there is no level.
        var weights: [Int: Int] = [:]

        func allows(_ domain: Int) -> Bool {
            guard let level else { return counts.pods(inDomain: domain) <= most }
            let pods = counts.pods(inDomain: domain) + (countsItself ? 1 : 0)
            return level.admits(
                WaterLevel.Domain(pods: pods, weight: weights[domain] ?? 1, hasRoom: true), maxSkew: constraint.maxSkew)
        }
    }

    private let bounds: [Bound]

    /// - Parameter others: what else keeps the pod off nodes; asked only where the pod's namespace is filled like water.
    init(_ pod: PendingPod, _ snapshot: inout ClusterSnapshot, besides others: [any NodeFilter] = []) {
        let hard = pod.constraints.filter { $0.isHard }
        var bounds: [Bound] = []
        for constraint in hard {
            let counts = snapshot.counts(for: .spread(SpreadRule(constraint, of: pod, among: hard)))
            let countsItself = constraint.selector?.matches(pod.asPlaced.labels) ?? false
            bounds.append(
                Bound(
                    counts: counts, constraint: constraint, countsItself: countsItself,
                    most: Self.most(constraint, counts, countsItself)))
        }
        if let fill = snapshot.fill(for: pod) { Self.setLevels(&bounds, fill, snapshot, besides: others) }
        self.bounds = bounds
    }

    private static func setLevels(
        _ bounds: inout [Bound], _ fill: WaterFill, _ snapshot: ClusterSnapshot, besides others: [any NodeFilter]
    ) {
        var domains = Array(repeating: [Int: WaterLevel.Domain](), count: bounds.count)
        for entry in snapshot.nodes {
            let weight = fill.weight(of: entry.node.name)
            let hasRoom = others.allSatisfy { $0.refusal(of: entry) == nil }
            for (place, bound) in bounds.enumerated() {
                guard let number = bound.counts.domain(ofNodeAt: entry.place) else { continue }
                let known = domains[place][number]
                domains[place][number] = WaterLevel.Domain(
                    pods: bound.counts.pods(inDomain: number), weight: max(weight, known?.weight ?? 1),
                    hasRoom: hasRoom || known?.hasRoom ?? false)
            }
        }
        for place in bounds.indices {
            let isShort = bounds[place].counts.domainCount < bounds[place].constraint.minDomains
            bounds[place].level = isShort ? .ground : WaterLevel(domains[place].values)
            bounds[place].weights = domains[place].mapValues(\.weight)
        }
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
            if !bound.allows(domain) {
                return Refusal(Self.name, ["node(s) didn't match pod topology spread constraints"])
            }
        }
        return nil
    }
}
