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

    private struct Part {
        let constraint: SpreadConstraint
        let counts: SpreadCounts
        var isPerHost: Bool { constraint.topologyKey == hostname }
    }

    private let parts: [Part]

    init(_ pod: PendingPod, _ snapshot: inout ClusterSnapshot) {
        let soft = pod.constraints.filter { !$0.isHard }
        var parts: [Part] = []
        for constraint in soft {
            let rule = SpreadRule(constraint, of: pod, among: soft)
            parts.append(Part(constraint: constraint, counts: snapshot.counts(for: rule)))
        }
        self.parts = parts
    }

    func scores(of entries: [SnapshotNode]) -> [Int]? {
        guard !parts.isEmpty else { return nil }
        // A node that lacks one of the labels gets nothing.
        let isScored = entries.map { entry in
            parts.allSatisfy { $0.counts.domain(ofNodeAt: entry.place) != nil }
        }
        let weights = parts.map { log(Double(domains($0, entries, isScored) + 2)) }
        let raw = entries.indices.map { isScored[$0] ? sum(entries[$0], weights) : 0 }
        var least = Int.max
        var most = 0
        for place in raw.indices where isScored[place] {
            least = min(least, raw[place])
            most = max(most, raw[place])
        }
        return raw.indices.map { place in
            guard isScored[place] else { return 0 }
            return most == 0 ? highestScore : highestScore * (most + least - raw[place]) / most
        }
    }

    /// The number of domains among the nodes that are scored.
    private func domains(_ part: Part, _ entries: [SnapshotNode], _ isScored: [Bool]) -> Int {
        if part.isPerHost { return isScored.count { $0 } }
        var seen = [Bool](repeating: false, count: part.counts.domainNumbers)
        var domains = 0
        for (place, entry) in entries.enumerated() where isScored[place] {
            guard let domain = part.counts.domain(ofNodeAt: entry.place), !seen[domain] else { continue }
            seen[domain] = true
            domains += 1
        }
        return domains
    }

    private func sum(_ entry: SnapshotNode, _ weights: [Double]) -> Int {
        var sum = 0.0
        for (part, weight) in zip(parts, weights) {
            var pods = 0
            if part.isPerHost {
                // Hosts are counted node by node, whatever the constraint's policies say.
                pods = part.counts.pods(onNodeAt: entry.place)
            } else if let domain = part.counts.domain(ofNodeAt: entry.place) {
                pods = part.counts.pods(inDomain: domain)
            }
            sum += Double(pods) * weight + Double(part.constraint.maxSkew - 1)
        }
        return Int(sum.rounded(.toNearestOrAwayFromZero))
    }
}
