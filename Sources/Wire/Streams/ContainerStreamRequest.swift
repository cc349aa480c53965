public import JSONTree

/// The parameters of a stream of kind `exec` or `attach`: which container of which pod, and which streams of its program.
public struct ContainerStreamRequest: Sendable, Hashable {
    /// The pod's key: names at the origin.
    public var pod: ItemKey
    /// Empty for the only or default container.
    public var container: String
    /// The program and its arguments: at least one of `exec`, none of `attach`.
    public var command: [String]
    /// Whether the client types. Absent means false, as for the others.
    public var standardInput: Bool
    public var standardOutput: Bool
    /// Never with `terminal`, which has but one stream.
    public var standardError: Bool
    /// Whether the program is on a terminal.
    public var terminal: Bool

    /// The most arguments of a command.
    public static let maximumArguments = 4096

    public init(
        pod: ItemKey, container: String = "", command: [String] = [], standardInput: Bool = false,
        standardOutput: Bool = false, standardError: Bool = false, terminal: Bool = false
    ) {
        self.pod = pod
        self.container = container
        self.command = command
        self.standardInput = standardInput
        self.standardOutput = standardOutput
        self.standardError = standardError
        self.terminal = terminal
    }

    /// - Throws: `JSONError` naming the field.
    public init(json: JSON) throws(JSONError) {
        let fields = try JSONFields(json, at: "parameters")
        pod = try fields.pod()
        container = try fields.optionalString("container", limit: 253) ?? ""
        command = try fields.strings("command", limit: Self.maximumArguments)
        standardInput = try fields.optionalBool("stdin") ?? false
        standardOutput = try fields.optionalBool("stdout") ?? false
        standardError = try fields.optionalBool("stderr") ?? false
        terminal = try fields.optionalBool("tty") ?? false
        guard standardInput || standardOutput || standardError else {
            throw fields.error("stdin", "one of stdin, stdout and stderr must be asked for")
        }
        guard !command.contains(where: { $0.utf8.contains(0) }) else {
            throw fields.error("command", "an argument holds a byte 0, which no program can be given")
        }
        guard !terminal || !standardError else { throw fields.error("stderr", "a terminal has no standard error") }
    }

    public var json: JSON {
        var json: JSON = ["pod": .string(pod.text)]
        if !container.isEmpty { json["container"] = .string(container) }
        if !command.isEmpty { json["command"] = JSON(command) }
        if standardInput { json["stdin"] = true }
        if standardOutput { json["stdout"] = true }
        if standardError { json["stderr"] = true }
        if terminal { json["tty"] = true }
        return json
    }
}

extension JSONFields {
    /// The field `pod` of a request for a stream of a pod.
    func pod() throws(JSONError) -> ItemKey {
        guard let pod = ItemKey(try string("pod", limit: ItemKey.maximumLength)), pod.kind == ItemKey.podKind,
            !pod.namespace.isEmpty
        else {
            throw error("pod", "expected Pod/NAMESPACE/NAME")
        }
        return pod
    }
}
