public import KubernetesModel

/// One pod that would move, as part of a plan that was tried as a whole.
public struct RebalanceMove: Sendable, Hashable {
    public let pod: ObjectKey
    /// The pod's workload, as the question names it.
    public let workload: String
    public let from: String
    public let to: String
    /// What the pods are spread over.
    public let topologyKey: String
    /// The pods that count in the domain it leaves and in the one it joins, before the move.
    public let counts: (from: Int, to: Int)

    public static func == (left: Self, right: Self) -> Bool {
        left.pod == right.pod && left.workload == right.workload && left.from == right.from && left.to == right.to
            && left.topologyKey == right.topologyKey && left.counts == right.counts
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(pod) }
}
