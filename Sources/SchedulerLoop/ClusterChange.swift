/// Something that happened in the cluster and may let a pod in that had no node before.
enum ClusterChange: Sendable, Hashable {
    /// A node came, or changed in a way that decisions notice.
    case nodeChanged
    case nodeRemoved
    /// A pod got its node.
    case podPlaced
    /// A pod on a node changed its labels or began to end.
    case podChanged
    /// A pod left its node, or gave up room that was kept for it there.
    case podRemoved
    /// A namespace came, went, or changed its labels.
    case namespaceChanged

    /// Whether a pod that was refused by these filters may pass now.
    func mayHelp(_ plugins: Set<String>) -> Bool {
        switch self {
        case .nodeChanged: true
        // Only the fewest pods of any domain move on: a domain went, or the emptiest got one more. A neighbour that a pod
        // requires came, one that it does not bear changed, or nobody is left of those that it requires and is one of.
        case .nodeRemoved, .podPlaced, .podChanged:
            !plugins.isDisjoint(with: ["PodTopologySpread", "InterPodAffinity"])
        case .podRemoved:
            !plugins.isDisjoint(with: ["NodeResourcesFit", "NodePorts", "PodTopologySpread", "InterPodAffinity"])
        case .namespaceChanged: plugins.contains("InterPodAffinity")
        }
    }
}
