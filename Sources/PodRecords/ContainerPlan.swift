public import JSONTree

/// One container, resolved to a program of the host with its arguments and environment.
public struct ContainerPlan: Sendable, Hashable {
    public var name: String
    public var kind: ContainerKind
    /// The program and its arguments; never empty. A program without a slash is looked up in the container's `PATH`.
    public var arguments: [String]
    /// `NAME=value`, in order, each name once.
    public var environment: [String]
    /// Where the program starts; empty for `/`.
    public var workingDirectory: String
    public var probes: ProbePlans
    /// Done after the start; its failure ends the container. The container is not ready before.
    public var postStart: HookPlan?
    /// Done before the container is asked to end, within its grace period.
    public var preStop: HookPlan?
    /// The folders and files that differ from the machine's; needs a mount namespace.
    public var mounts: [MountPlan]
    /// `nil` where no last words are taken.
    public var terminationMessage: TerminationMessagePlan?
    /// What its clients attach to; `nil` for a program that reads nothing and has no terminal.
    public var console: ConsolePlan?

    public init(
        name: String, kind: ContainerKind, arguments: [String], environment: [String] = [],
        workingDirectory: String = "", probes: ProbePlans = ProbePlans(), postStart: HookPlan? = nil,
        preStop: HookPlan? = nil, mounts: [MountPlan] = [], terminationMessage: TerminationMessagePlan? = nil,
        console: ConsolePlan? = nil
    ) {
        self.name = name
        self.kind = kind
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.probes = probes
        self.postStart = postStart
        self.preStop = preStop
        self.mounts = mounts
        self.terminationMessage = terminationMessage
        self.console = console
    }

    public var json: JSON {
        var json: JSON = [
            "name": JSON(name), "kind": JSON(kind.rawValue), "arguments": JSON(arguments),
            "environment": JSON(environment),
        ]
        if !workingDirectory.isEmpty { json["workingDirectory"] = JSON(workingDirectory) }
        if !probes.isEmpty { json["probes"] = probes.json }
        if let postStart { json["postStart"] = postStart.json }
        if let preStop { json["preStop"] = preStop.json }
        if !mounts.isEmpty { json["mounts"] = .array(mounts.map(\.json)) }
        if let terminationMessage { json["terminationMessage"] = terminationMessage.json }
        if let console { json["console"] = console.json }
        return json
    }

    public init(_ fields: JSONFields) throws(JSONError) {
        name = try fields.string("name")
        guard !name.isEmpty, name != ".", name != "..", !name.utf8.contains(UInt8(ascii: "/")) else {
            throw fields.error("name", "is no name of a container")
        }
        guard let kind = ContainerKind(rawValue: try fields.string("kind")) else {
            throw fields.error("kind", "is none of initial, sidecar and main")
        }
        self.kind = kind
        arguments = try fields.strings("arguments")
        guard !arguments.isEmpty else { throw fields.error("arguments", "is empty: there is no program to run") }
        environment = try fields.strings("environment")
        workingDirectory = try fields.optionalString("workingDirectory") ?? ""
        probes = if let probes = try fields.optionalObject("probes") { try ProbePlans(probes) } else { ProbePlans() }
        postStart = if let hook = try fields.optionalObject("postStart") { try HookPlan(hook) } else { nil }
        preStop = if let hook = try fields.optionalObject("preStop") { try HookPlan(hook) } else { nil }
        var mounts: [MountPlan] = []
        for (name, value) in try fields.elements("mounts") {
            mounts.append(try MountPlan(try JSONFields(value, at: name)))
        }
        self.mounts = mounts
        terminationMessage =
            if let plan = try fields.optionalObject("terminationMessage") {
                try TerminationMessagePlan(plan)
            } else {
                nil
            }
        console = if let console = try fields.optionalObject("console") { try ConsolePlan(console) } else { nil }
    }
}
