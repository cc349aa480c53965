import KubernetesModel

/// Keeps pods off nodes with taints they do not tolerate, and rather off those with such taints of effect `PreferNoSchedule`.
struct TaintToleration: NodeFilter, NodeScore {
    static let name = "TaintToleration"
    static let weight = 3
    private let tolerations: [Toleration]
    /// The tolerations that say something about `PreferNoSchedule`.
    private let preferring: [Toleration]

    init(_ pod: PendingPod) {
        tolerations = pod.tolerations
        preferring = pod.tolerations.filter { $0.effect == nil || $0.effect == .preferNoSchedule }
    }

    func refusal(of entry: SnapshotNode) -> Refusal? {
        guard entry.node.taints.forbidScheduling(of: tolerations) else { return nil }
        return Refusal(Self.name, ["node(s) had untolerated taint(s)"], mayHelpToPreempt: false)
    }

    func scores(of entries: [SnapshotNode]) -> [Int]? {
        normalized(entries.map { burden(of: $0.node) }, isReversed: true)
    }

    /// How many of the node's taints the pod would rather not meet.
    func burden(of node: SchedulingNode) -> Int {
        node.taints.count { $0.effect == .preferNoSchedule && !$0.isTolerated(by: preferring) }
    }
}

extension [Taint] {
    /// Whether one of the taints keeps out a pod of these tolerations.
    func forbidScheduling(of tolerations: [Toleration]) -> Bool {
        contains { $0.forbidsScheduling && !$0.isTolerated(by: tolerations) }
    }
}
