/// Keeps a pod off nodes where room was made for others of at least its priority and does not suffice for both.
struct ReservedRoom: NodeFilter {
    /// What the other filters say of such nodes when those pods are taken as there.
    private let refusals: [String: Refusal]

    init(_ pod: PendingPod, _ snapshot: inout ClusterSnapshot, exclusions: [String: String]) {
        var refusals: [String: Refusal] = [:]
        for (node, guests) in snapshot.nominations(before: pod) {
            refusals[node] = snapshot.refusal(of: node, for: pod, excluding: exclusions, beside: guests)
        }
        self.refusals = refusals
    }

    var isIdle: Bool { refusals.isEmpty }

    func refusal(of entry: SnapshotNode) -> Refusal? { refusals[entry.node.name] }
}
