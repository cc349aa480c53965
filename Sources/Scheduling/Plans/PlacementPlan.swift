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
        /// What each domain takes for a pod of a domain of weight 1; `nil` where the namespace is not filled like water.
        public let weights: [String: Int]?
        /// In a namespace that is filled like water, the domains that have no room for another pod.
        public let full: Set<String>

        /// The difference between the fullest and the emptiest domain; where domains are filled like water, between the
        /// fullest and the lowest that has room, in pods of a domain of weight 1.
        public var skew: Int {
            guard let least = lowest.first.map(level) else { return 0 }
            return domains.keys.map { level($0).height(above: least) }.max() ?? 0
        }

        /// The domains that set the minimum.
        var lowest: [String] {
            let open = domains.keys.filter { !full.contains($0) }
            let all = open.isEmpty ? Array(domains.keys) : open
            return all.filter { name in !all.contains { level($0).isBelow(level(name)) } }.sorted()
        }

        private func level(_ domain: String) -> WaterLevel.Domain {
            WaterLevel.Domain(
                pods: domains[domain] ?? 0, weight: weights?[domain] ?? 1, hasRoom: !full.contains(domain))
        }
    }

    /// The workload's pods by node as they are; every node of the cluster is here, those that would be gone too.
    public let now: [String: Int]
    /// The same as they would be; nodes that would be gone are not here.
    public let then: [String: Int]
    public let newPods: [NewPod]
    /// Pods that would go because there are too many.
    public let surplus: [String]
    public let spreads: [Spread]
    /// Pods that would move afterwards, new ones among them, where the namespace asks for rebalancing; `then` and `spreads`
    /// are as after these moves.
    public let rebalancing: [RebalanceMove]

    public var moves: [NewPod] { newPods.filter { $0.replaces != nil && $0.explanation.node != nil } }
    public var pending: [NewPod] { newPods.filter { $0.explanation.node == nil } }
}
