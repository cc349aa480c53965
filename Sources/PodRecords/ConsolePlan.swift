public import JSONTree

/// The standard input or terminal of a container (`core/v1 Container`: `stdin`, `stdinOnce`, `tty`).
public struct ConsolePlan: Sendable, Hashable {
    /// Whether it has a standard input that clients can write to.
    public var takesInput: Bool
    /// Whether the input ends with the first client that ends or leaves. Otherwise it stays open as long as the program runs.
    public var endsWithClient: Bool
    /// Whether the program runs on a terminal.
    public var isTerminal: Bool

    public init(takesInput: Bool, endsWithClient: Bool = false, isTerminal: Bool = false) {
        self.takesInput = takesInput
        self.endsWithClient = endsWithClient
        self.isTerminal = isTerminal
    }

    public var json: JSON {
        ["input": .bool(takesInput), "once": .bool(endsWithClient), "terminal": .bool(isTerminal)]
    }

    public init(_ fields: JSONFields) throws(JSONError) {
        takesInput = try fields.optionalBool("input") ?? false
        endsWithClient = try fields.optionalBool("once") ?? false
        isTerminal = try fields.optionalBool("terminal") ?? false
    }
}
