import ArgumentParser

/// `explain …`.
struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Explain why something is where it is.",
        subcommands: [ExplainPodCommand.self])
}

/// `explain pod NAME`.
struct ExplainPodCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pod",
        abstract: "Explain where a pod is placed, or why it stays Pending, cluster by cluster.",
        discussion: """
            Asks the scheduler itself, on a copy of what the cluster's API shows now, as if the pod had no place yet. So for \
            a pod that runs the answer is today's, not that of the moment when it was placed.
            """,
        aliases: ["pods", "po"])

    @Argument(help: "The pod's name.")
    var name: String

    @Option(name: [.customShort("n"), .long], help: "The pod's namespace; default without it.")
    var namespace = "default"

    @Option(name: [.customShort("o"), .long], help: "How to print it.")
    var output = StatusFormat.text

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        try await global.withTool {
            try await ExplanationReport(tool: $0, namespace: namespace, name: name, format: output).run()
        }
    }
}
