import KubernetesModel

/// Keeps pods on nodes that their node selector and affinity ask for, and prefers those that they prefer.
struct NodeAffinity: NodeFilter, NodeScore {
    static let name = "NodeAffinity"
    static let weight = 2
    private let required: RequiredAffinity
    private let preferences: [PendingPod.Preference]?

    init(_ pod: PendingPod) {
        required = pod.affinity
        preferences = pod.preferences
    }

    func refusal(of entry: SnapshotNode) -> Refusal? {
        guard !required.matches(entry.node) else { return nil }
        return Refusal(Self.name, ["node(s) didn't match Pod's node affinity/selector"])
    }

    func scores(of entries: [SnapshotNode]) -> [Int]? {
        guard let preferences else { return nil }
        let sums = entries.map { entry in
            preferences.reduce(0) { sum, preference in
                let matches = preference.term.matches(labels: entry.node.labels, name: entry.node.name)
                return sum + (matches ? preference.weight : 0)
            }
        }
        return normalized(sums, isReversed: false)
    }
}
