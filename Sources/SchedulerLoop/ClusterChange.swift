/// Something that happened in the cluster and may let a pod in that had no node before.
enum ClusterChange: Sendable, Hashable {
    /// A node came, or changed in a way that decisions notice.
    case nodeChanged
    case nodeRemoved
    /// A pod got its node.
    case podPlaced
    /// A pod on a node changed its labels or began to end.
    case podChanged
    /// A pod left its node.
    case podRemoved

    /// Whether a pod that was refused by these filters may pass now.
    func mayHelp(_ plugins: Set<String>) -> Bool {
        switch self {
        case .nodeChanged: true
        // Only the fewest pods of any domain move on: a domain went, or the emptiest got one more.
        case .nodeRemoved, .podPlaced, .podChanged: plugins.contains("PodTopologySpread")
        case .podRemoved: !plugins.isDisjoint(with: ["NodeResourcesFit", "NodePorts", "PodTopologySpread"])
        }
    }
}
