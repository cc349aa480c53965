public import JSONTree

/// What is done right after a container's start, or before it is asked to end.
public enum HookPlan: Sendable, Hashable {
    /// Succeeds as the probe of that kind does.
    case check(ProbePlan.Check)
    /// Waits so many seconds.
    case sleep(Int)

    public var json: JSON {
        switch self {
        case .check(let check): ["check": ProbePlan(check: check).json]
        case .sleep(let seconds): ["sleep": JSON(seconds)]
        }
    }

    public init(_ fields: JSONFields) throws(JSONError) {
        if let check = try fields.optionalObject("check") {
            self = .check(try ProbePlan(check).check)
        } else {
            self = .sleep(try fields.int("sleep", in: 0...1_000_000))
        }
    }
}
