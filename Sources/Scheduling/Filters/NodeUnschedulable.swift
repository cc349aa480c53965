import KubernetesModel

/// Keeps pods off cordoned nodes, unless they tolerate the taint that stands for it.
struct NodeUnschedulable: NodeFilter {
    static let name = "NodeUnschedulable"
    private static let taint = Taint(key: "node.kubernetes.io/unschedulable", effect: .noSchedule)
    private let isTolerated: Bool

    init(_ pod: PendingPod) { isTolerated = Self.taint.isTolerated(by: pod.tolerations) }

    func refusal(of entry: SnapshotNode) -> Refusal? {
        guard entry.node.isUnschedulable, !isTolerated else { return nil }
        return Refusal(Self.name, ["node(s) were unschedulable"], mayHelpToPreempt: false)
    }
}
