/// Keeps a pod off nodes that rejected it a short while ago (no plugin of Kubernetes').
///
/// Whoever knows of the rejection says for how long it holds, by leaving the node out of the exclusions again.
struct EdgeRejection: NodeFilter {
    static let name = "EdgeRejection"
    /// Why each node rejected the pod.
    let exclusions: [String: String]

    func refusal(of entry: SnapshotNode) -> Refusal? {
        guard let why = exclusions[entry.node.name] else { return nil }
        return Refusal(Self.name, ["node(s) rejected the pod: \(why)"], mayHelpToPreempt: false)
    }
}
