import KubernetesModel

/// What makes two constraints count the same pods on the same nodes: the key under which their counts are shared.
///
/// The pods of one workload have equal rules, so counts outlive the pod they were made for.
struct SpreadRule: Sendable, Hashable {
    let namespace: String
    let topologyKey: String
    /// `nil` matches no pod.
    let selector: LabelSelector?
    /// A node without one of these labels is in no domain: the keys of all constraints of the pod that bind alike.
    let requiredKeys: [String]
    /// `nil` where the constraint does not honour the pod's affinity, or there is none.
    let affinity: RequiredAffinity?
    /// `nil` where the constraint does not honour taints.
    let tolerations: [Toleration]?

    init(_ constraint: SpreadConstraint, of pod: PendingPod, among alike: [SpreadConstraint]) {
        namespace = pod.key.namespace
        topologyKey = constraint.topologyKey
        selector = constraint.selector
        requiredKeys = constraint.isDefault ? [] : Set(alike.map(\.topologyKey)).sorted()
        affinity = constraint.honorsAffinity && !pod.affinity.isEmpty ? pod.affinity : nil
        tolerations = constraint.honorsTaints ? pod.tolerations : nil
    }

    /// Whether a pod is counted.
    func counts(_ pod: PlacedPod) -> Bool {
        guard !pod.isTerminating, pod.key.namespace == namespace, let selector else { return false }
        return selector.matches(pod.labels)
    }

    /// Whether a node's label makes a domain, and its pods count.
    func includes(_ node: SchedulingNode) -> Bool {
        guard node.state.isSpreadDomain, requiredKeys.allSatisfy({ node.labels[$0] != nil }) else { return false }
        if let affinity, !affinity.matches(node) { return false }
        if let tolerations { return !node.taints.forbidScheduling(of: tolerations) }
        return true
    }
}
