/// Whether room can be made for a pod that no node takes, by ending pods of lower priority.
public enum Preemption: Sendable {
    /// Once these pods, the most important first, have left it, the node takes the pod.
    case possible(node: String, victims: [PlacedPod])
    /// The pod may preempt nobody, or waits for its victims to end: why, as kube-scheduler words it in a `FailedScheduling`
    /// event. Room that was made for it before stays its own.
    case notEligible(String)
    /// No pods can make room for it: why, in the same words.
    case hopeless(String)
}

/// The pods that must leave one node.
struct PreemptionCandidate {
    let node: String
    /// The most important first; never empty.
    let victims: [PlacedPod]
    /// How many of them a PodDisruptionBudget protects.
    let violations: Int
    /// Settles ties.
    let rank: UInt64

    /// Whether it does less harm than another: fewer budgets violated, the most important victim less important, all together
    /// less important, fewer victims, the most important ones younger.
    func isBetter(than other: PreemptionCandidate) -> Bool {
        if violations != other.violations { return violations < other.violations }
        if highestPriority != other.highestPriority { return highestPriority < other.highestPriority }
        if priorities != other.priorities { return priorities < other.priorities }
        if victims.count != other.victims.count { return victims.count < other.victims.count }
        if earliestStart != other.earliestStart { return earliestStart > other.earliestStart }
        return rank < other.rank
    }

    private var highestPriority: Int { victims.first?.priority ?? Int.min }

    /// The sum of the priorities, each made positive, so that many unimportant pods weigh more than few.
    private var priorities: Int { victims.reduce(0) { $0 + $1.priority + Int(Int32.max) + 1 } }

    /// When the first of the most important victims started; those that have not, last.
    private var earliestStart: Int {
        victims.lazy.filter { $0.priority == highestPriority }.map { $0.startTime ?? Int.max }.min() ?? Int.max
    }
}
