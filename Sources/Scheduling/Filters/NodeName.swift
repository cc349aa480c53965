/// Lets a pod that names its node onto that node only.
struct NodeName: NodeFilter {
    static let name = "NodeName"
    private let wanted: String

    init(_ pod: PendingPod) { wanted = pod.asPlaced.node }

    func refusal(of entry: SnapshotNode) -> Refusal? {
        guard !wanted.isEmpty, wanted != entry.node.name else { return nil }
        return Refusal(Self.name, ["node(s) didn't match the requested node name"], mayHelpToPreempt: false)
    }
}
