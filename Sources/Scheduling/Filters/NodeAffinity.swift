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
        return Refusal(Self.name, ["node(s) didn't match Pod's node affinity/selector"], mayHelpToPreempt: false)
    }

    func scores(of entries: [SnapshotNode]) -> [Int]? {
        guard preferences != nil else { return nil }
        return normalized(entries.map { preference(for: $0.node) }, isReversed: false)
    }

    /// The sum of the weights of the preferences that the node meets.
    func preference(for node: SchedulingNode) -> Int {
        (preferences ?? []).reduce(0) { sum, preference in
            sum + (preference.term.matches(labels: node.labels, name: node.name) ? preference.weight : 0)
        }
    }
}
