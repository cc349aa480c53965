/// Something about a node's domains that decides about a pod or scores it.
struct TopologyInput: Sendable, Hashable {
    enum Role: Sendable, Hashable {
        /// A `DoNotSchedule` constraint.
        case bounded(SpreadConstraint, countsItself: Bool)
        /// A `ScheduleAnyway` constraint.
        case spread(SpreadConstraint)
        /// A required affinity: the domain must have such a pod.
        case wanted
        /// A required anti-affinity, the pod's own or of a pod that is there: the domain must have no such pod.
        case unwanted(isOwn: Bool)
        /// A preference of the pod's or of pods that are there.
        case weighed(Int)
    }

    /// Where counts are kept in a snapshot.
    enum Source: Sendable, Hashable {
        case rule(Int)
        case ownedTerm(Int)
    }

    let role: Role
    let source: Source

    /// Whether a node without the label is refused.
    var needsLabel: Bool {
        switch role {
        case .bounded, .wanted: true
        case .spread, .unwanted, .weighed: false
        }
    }
}
