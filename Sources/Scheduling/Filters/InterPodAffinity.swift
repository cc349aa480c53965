import KubernetesModel

/// Keeps pods near those they require and away from those they, or pods that are there, do not bear; and prefers nodes by the
/// preferences of both sides.
struct InterPodAffinity: NodeFilter, NodeScore {
    static let name = "InterPodAffinity"
    static let weight = 2

    private struct Part {
        let role: TopologyInput.Role
        let counts: DomainCounts
    }

    private let parts: [Part]
    private let mayBeFirst: Bool

    init(_ pod: PendingPod, _ snapshot: inout ClusterSnapshot) {
        parts = snapshot.affinityInputs(of: pod).compactMap { input in
            snapshot.counts(input.source).map { Part(role: input.role, counts: $0) }
        }
        mayBeFirst =
            Self.matchesItself(pod, snapshot)
            && parts.allSatisfy { $0.role != .wanted || $0.counts.podsInDomains == 0 }
    }

    /// Whether the pod is one of those that it wants near; then it may be the first of them, so that not all wait for each
    /// other.
    static func matchesItself(_ pod: PendingPod, _ snapshot: ClusterSnapshot) -> Bool {
        let labels = snapshot.labels(ofNamespace: pod.key.namespace)
        return (pod.template.affinities?.required ?? []).allSatisfy {
            $0.matches(namespace: pod.key.namespace, labels: pod.template.labels, namespaceLabels: labels)
        }
    }

    func refusal(of entry: SnapshotNode) -> Refusal? {
        var hasUnwanted = false
        var isUnwanted = false
        var misses = false
        for part in parts {
            switch part.role {
            case .wanted:
                // A node that lacks the label is out even for the first pod.
                guard part.counts.domain(ofNodeAt: entry.place) != nil else { return Self.missing }
                if !mayBeFirst, part.counts.pods(inDomainOfNodeAt: entry.place) <= 0 { misses = true }
            case .unwanted(let isOwn):
                guard part.counts.pods(inDomainOfNodeAt: entry.place) > 0 else { continue }
                if isOwn { hasUnwanted = true } else { isUnwanted = true }
            case .bounded, .spread, .weighed: continue
            }
        }
        if misses { return Self.missing }
        if hasUnwanted { return Refusal(Self.name, ["node(s) didn't match pod anti-affinity rules"]) }
        if isUnwanted { return Refusal(Self.name, ["node(s) didn't satisfy existing pods anti-affinity rules"]) }
        return nil
    }

    private static let missing = Refusal(
        name, ["node(s) didn't match pod affinity rules"], mayHelpToPreempt: false)

    func scores(of entries: [SnapshotNode]) -> [Int]? {
        let weighed = parts.compactMap { part -> (weight: Int, counts: DomainCounts)? in
            guard case .weighed(let weight) = part.role, part.counts.podsInDomains > 0 else { return nil }
            return (weight, part.counts)
        }
        guard !weighed.isEmpty else { return nil }
        let sums = entries.map { entry in
            weighed.reduce(0) { $0 + $1.weight * $1.counts.pods(inDomainOfNodeAt: entry.place) }
        }
        let least = sums.min() ?? 0
        let most = sums.max() ?? 0
        return sums.map { Self.stretched($0, least: least, most: most) }
    }

    /// One sum of weights as a score, among nodes of which the least wanted has `least` and the most wanted `most`.
    static func stretched(_ sum: Int, least: Int, most: Int) -> Int {
        guard most > least else { return 0 }
        return Int(Double(highestScore) * (Double(sum - least) / Double(most - least)))
    }
}
