/// Why a pod goes where it goes: the node chosen, the one that would be next, and what every node had to say.
public struct PlacementExplanation: Sendable, Hashable {
    public enum Verdict: String, Sendable, Hashable {
        case chosen
        case runnerUp
        /// It would do, but others are better or as good.
        case possible
        case refused
    }

    public struct Reason: Sendable, Hashable {
        public let node: String
        public let verdict: Verdict
        /// What all scores add up to; `nil` where a filter refused the node.
        public let score: Int?
        /// A filter's words, or how the node compares with the chosen one.
        public let text: String
    }

    /// `nil` where no node will do.
    public let node: String?
    /// `nil` where no second node will do.
    public let runnerUp: String?
    /// In the order of the nodes' names.
    public let reasons: [Reason]
    /// Why the pod has no node, worded as kube-scheduler words it; empty where it has one.
    public let failure: String

    init(_ evaluation: Evaluation, _ ties: TieBreak) {
        let chosen = ties.choose(among: evaluation.best)
        var rest = evaluation
        rest.feasible.removeAll { $0.node == chosen?.node }
        let second = ties.choose(among: rest.best)
        node = chosen?.node
        runnerUp = second?.node
        failure = chosen == nil ? evaluation.failureMessage : ""
        let refused = evaluation.rejected.map { entry in
            Reason(
                node: entry.node, verdict: .refused, score: nil,
                text: entry.refusal.reasons.joined(separator: ", "))
        }
        let possible = evaluation.feasible.map { candidate -> Reason in
            let verdict: Verdict =
                candidate.node == chosen?.node ? .chosen : candidate.node == second?.node ? .runnerUp : .possible
            return Reason(
                node: candidate.node, verdict: verdict, score: candidate.total,
                text: Self.comparison(candidate, chosen))
        }
        reasons = (refused + possible).sorted { $0.node < $1.node }
    }

    private static func comparison(_ candidate: Evaluation.Candidate, _ chosen: Evaluation.Candidate?) -> String {
        let scores = candidate.scores.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        let parts = scores.isEmpty ? "" : " (\(scores.joined(separator: ", ")))"
        guard let chosen, chosen.node != candidate.node else { return "score \(candidate.total)\(parts)" }
        if candidate.total < chosen.total { return "score \(candidate.total)\(parts), less than \(chosen.total)" }
        if candidate.pods > chosen.pods { return "score \(candidate.total)\(parts), the same; it has more pods" }
        return "score \(candidate.total)\(parts), the same; the seed decides between equals"
    }
}

extension SpreadScheduler {
    /// What `decide` finds out, in words.
    public mutating func explain(_ pod: PendingPod, excluding exclusions: [String: String] = [:])
        -> PlacementExplanation
    {
        PlacementExplanation(evaluate(pod, excluding: exclusions), ties)
    }
}
