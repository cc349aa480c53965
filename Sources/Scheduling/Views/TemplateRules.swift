/// The filters and scores of one template that need no other node to be looked at.
struct TemplateRules: Sendable {
    let taints: TaintToleration
    let affinity: NodeAffinity
    /// About the node, not the pods on it.
    private let lasting: [any NodeFilter]
    private let ports: NodePorts
    private let fit: NodeResourcesFit
    private let balance: NodeResourcesBalancedAllocation
    let images: ImageLocality

    init(_ pod: PendingPod, _ snapshot: ClusterSnapshot) {
        taints = TaintToleration(pod)
        affinity = NodeAffinity(pod)
        lasting = [EdgeStanding(), NodeUnschedulable(pod), NodeName(pod), taints, affinity]
        ports = NodePorts(pod)
        fit = NodeResourcesFit(pod)
        balance = NodeResourcesBalancedAllocation(pod)
        images = ImageLocality(pod, snapshot)
    }

    /// Whether the node as such lets the pod in.
    func isOpen(_ entry: SnapshotNode) -> Bool { lasting.allSatisfy { $0.refusal(of: entry) == nil } }

    /// Whether the pods on the node leave room for the pod.
    func hasRoom(_ entry: SnapshotNode) -> Bool { fit.hasRoom(entry) && ports.refusal(of: entry) == nil }

    /// What the node adds to its total on its own account.
    func score(of entry: SnapshotNode) -> Int {
        fit.score(of: entry) * NodeResourcesFit.weight
            + (balance.score(of: entry) ?? 0) * NodeResourcesBalancedAllocation.weight
            + images.score(of: entry) * ImageLocality.weight
    }
}
