/// Which container a client wants to run a program in or to attach to, and which streams it wants.
public struct ContainerRequest: Sendable, Hashable {
    /// One of the pod's containers.
    public var container: String
    /// The program and its arguments; empty for attach.
    public var command: [String]
    public var standardInput: Bool
    public var standardOutput: Bool
    /// Never with `terminal`, which has but one stream.
    public var standardError: Bool
    /// Whether the program gets a terminal.
    public var terminal: Bool

    public init(
        container: String, command: [String] = [], standardInput: Bool = false, standardOutput: Bool = false,
        standardError: Bool = false, terminal: Bool = false
    ) {
        self.container = container
        self.command = command
        self.standardInput = standardInput
        self.standardOutput = standardOutput
        self.standardError = standardError
        self.terminal = terminal
    }
}
