#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Prefers nodes in domains with fewer of the pods that `ScheduleAnyway` constraints count.
///
/// Counts weigh more where there are more domains (by the logarithm of their number), and `maxSkew` waters them down.
struct PodTopologySpreadScore: NodeScore {
    static let name = PodTopologySpread.name
    static let weight = 2
    private static let hostname = "kubernetes.io/hostname"

    /// How much the pods in a constraint's domains weigh.
    struct Weighing {
        private let weight: Double
        private let allowance: Double

        /// - Parameter domains: the domains of the nodes that are scored.
        init(domains: Int, maxSkew: Int) {
            weight = log(Double(domains + 2))
            allowance = Double(maxSkew - 1)
        }

        func cost(of pods: Int) -> Double { Double(pods) * weight + allowance }
    }

    private struct Part {
        let constraint: SpreadConstraint
        let counts: DomainCounts
        var isPerHost: Bool { PodTopologySpreadScore.isPerHost(constraint) }
    }

    private let parts: [Part]

    init(_ pod: PendingPod, _ snapshot: inout ClusterSnapshot) {
        let soft = pod.constraints.filter { !$0.isHard }
        var parts: [Part] = []
        for constraint in soft {
            let rule = CountRule.spread(SpreadRule(constraint, of: pod, among: soft))
            parts.append(Part(constraint: constraint, counts: snapshot.counts(for: rule)))
        }
        self.parts = parts
    }

    /// Hosts are counted node by node, whatever the constraint's policies say.
    static func isPerHost(_ constraint: SpreadConstraint) -> Bool { constraint.topologyKey == hostname }

    /// Whether pods are counted by node for a part of the score.
    static func isPerHost(_ input: TopologyInput) -> Bool {
        if case .spread(let constraint) = input.role { isPerHost(constraint) } else { false }
    }

    func scores(of entries: [SnapshotNode]) -> [Int]? {
        guard !parts.isEmpty else { return nil }
        // A node that lacks one of the labels gets nothing.
        let isScored = entries.map { entry in
            parts.allSatisfy { $0.constraint.isDefault || $0.counts.domain(ofNodeAt: entry.place) != nil }
        }
        let weighings = parts.map {
            Weighing(domains: domains($0, entries, isScored), maxSkew: $0.constraint.maxSkew)
        }
        return Self.normalized(
            entries.enumerated().map { place, entry in
                isScored[place] ? Self.sum(parts.map { pods($0, entry) }, weighings) : nil
            })
    }

    /// What a node's domains have already, by constraint, weighed and added up: less is better.
    ///
    /// - Parameter pods: `nil` where the node has no such domain, which only default constraints bear.
    static func sum(_ pods: [Int?], _ weighings: [Weighing]) -> Int {
        let sum = zip(pods, weighings).reduce(0.0) { sum, part in part.0.map { sum + part.1.cost(of: $0) } ?? sum }
        return Int(sum.rounded(.toNearestOrAwayFromZero))
    }

    /// Sums as scores, the least the best; `nil`, of nodes that are not scored, becomes 0.
    static func normalized(_ sums: [Int?]) -> [Int] {
        var least = Int.max
        var most = 0
        for case let sum? in sums {
            least = min(least, sum)
            most = max(most, sum)
        }
        return sums.map { sum in
            guard let sum else { return 0 }
            return most == 0 ? highestScore : highestScore * (most + least - sum) / most
        }
    }

    /// The number of domains among the nodes that are scored.
    private func domains(_ part: Part, _ entries: [SnapshotNode], _ isScored: [Bool]) -> Int {
        if part.isPerHost { return isScored.count { $0 } }
        var seen = [Bool](repeating: false, count: part.counts.domainNumbers)
        var domains = 0
        var isAnyOutside = false
        for (place, entry) in entries.enumerated() where isScored[place] {
            guard let domain = part.counts.domain(ofNodeAt: entry.place) else {
                isAnyOutside = true
                continue
            }
            if !seen[domain] { domains += 1 }
            seen[domain] = true
        }
        // Nodes without the label are a domain together, though one that nothing is counted in.
        return domains + (isAnyOutside ? 1 : 0)
    }

    private func pods(_ part: Part, _ entry: SnapshotNode) -> Int? {
        guard let domain = part.counts.domain(ofNodeAt: entry.place) else { return nil }
        return part.isPerHost ? part.counts.pods(onNodeAt: entry.place) : part.counts.pods(inDomain: domain)
    }
}
