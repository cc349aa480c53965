/// What would become of a workload's pods: the answer to a `PlacementQuestion`.
public struct PlacementPlan: Sendable, Hashable {
    /// A pod that would be made.
    public struct NewPod: Sendable, Hashable {
        /// The pod whose place it takes because that one's node is gone; `nil` for one more.
        public let replaces: String?
        /// Where the replaced pod was.
        public let from: String?
        public let explanation: PlacementExplanation
        /// For a pod without a place that a spread constraint keeps off: the domains that set the minimum.
        public let limitedBy: [String]
    }

    /// How one constraint of the pods would hold.
    public struct Spread: Sendable, Hashable {
        public let topologyKey: String
        public let maxSkew: Int
        /// `DoNotSchedule`, against `ScheduleAnyway`.
        public let isHard: Bool
        /// Counted pods by domain.
        public let domains: [String: Int]
        /// The difference between the fullest and the emptiest domain.
        public var skew: Int { (domains.values.max() ?? 0) - (domains.values.min() ?? 0) }
    }

    /// The workload's pods by node as they are; every node of the cluster is here, those that would be gone too.
    public let now: [String: Int]
    /// The same as they would be; nodes that would be gone are not here.
    public let then: [String: Int]
    public let newPods: [NewPod]
    /// Pods that would go because there are too many.
    public let surplus: [String]
    public let spreads: [Spread]

    public var moves: [NewPod] { newPods.filter { $0.replaces != nil && $0.explanation.node != nil } }
    public var pending: [NewPod] { newPods.filter { $0.explanation.node == nil } }
}
