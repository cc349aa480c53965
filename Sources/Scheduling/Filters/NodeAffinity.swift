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

    /// The nodes that every term of the required affinity names; `nil` where a term names none. kube-scheduler looks at no other
    /// node, and says so in other words.
    var namedNodes: NamedNodes? {
        guard let terms = required.selector?.terms, !terms.isEmpty else { return nil }
        var names: Set<String> = []
        for term in terms {
            let named = term.fields.filter { $0.operator == .in }.map { Set($0.values) }
            guard let first = named.first else { return nil }
            names.formUnion(named.dropFirst().reduce(first) { $0.intersection($1) })
        }
        return NamedNodes(names: names)
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

/// Keeps a pod off nodes that its required affinity does not name, before anything else is asked about them.
struct NamedNodes: NodeFilter {
    /// Not about any one node, so it is not counted in messages.
    static let conflict = "pod affinity terms conflict"
    let names: Set<String>

    func refusal(of entry: SnapshotNode) -> Refusal? {
        guard !names.contains(entry.node.name) else { return nil }
        let reason =
            names.isEmpty ? Self.conflict : "node(s) didn't satisfy plugin(s) [\(NodeAffinity.name)]"
        return Refusal(NodeAffinity.name, [reason], mayHelpToPreempt: false)
    }
}
