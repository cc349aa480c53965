/// Counts a probe's results until they mean something: a verdict changes only after enough of the other kind in a row.
public struct ProbeTally: Sendable, Hashable {
    public enum Verdict: Sendable, Hashable {
        /// Too few results yet.
        case undecided
        case succeeded
        case failed
    }

    private let successThreshold: Int
    private let failureThreshold: Int
    private var successes = 0
    private var failures = 0
    public private(set) var verdict = Verdict.undecided

    public init(_ plan: ProbePlan) {
        successThreshold = plan.successThreshold
        failureThreshold = plan.failureThreshold
    }

    public mutating func count(isSuccess: Bool) {
        if isSuccess {
            successes += 1
            failures = 0
            if successes >= successThreshold { verdict = .succeeded }
        } else {
            failures += 1
            successes = 0
            if failures >= failureThreshold { verdict = .failed }
        }
    }
}
