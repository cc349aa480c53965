import ArgumentParser

/// `plan -f MANIFEST`.
struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show where a workload's pods would go, and which would move, without doing it.",
        discussion: """
            Asks the scheduler itself, on a copy of what the cluster's API shows. Pods that exist count as they are; pods of \
            other workloads stay where they are. Exits with 0 if every pod has a place.
            """)

    @Option(
        name: [.customShort("f"), .long],
        help: ArgumentHelp(
            "A manifest with one workload, in YAML or JSON; '-' reads the standard input.", valueName: "file"))
    var filename: String

    @Option(
        name: [.customShort("n"), .long], help: "The namespace, where the manifest names none; default without it.")
    var namespace: String?

    @Option(help: ArgumentHelp("As if this cluster was withdrawn; may be given several times.", valueName: "cluster"))
    var without: [String] = []

    @Option(
        help: ArgumentHelp(
            "As if this cluster was peered, such as 'paris=4,8Gi' or 'paris=4,8Gi,zone=west'; may be given several times.",
            valueName: "name=cpu,memory,labels"))
    var with: [String] = []

    @Option(help: ArgumentHelp("As if so many pods were wanted.", valueName: "count"))
    var replicas: Int?

    @Option(name: [.customShort("o"), .long], help: "How to print it.")
    var output = StatusFormat.text

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let manifest = try PlanManifest(reading: filename, host: ToolHost.current)
        let edges = try with.map { try HypotheticalEdge($0) }
        guard replicas ?? 0 >= 0 else { throw ToolError("--replicas: \(replicas ?? 0) is not 0 or more") }
        try await global.withTool {
            try await PlacementReport(
                tool: $0, manifest: manifest, namespace: namespace, without: without, with: edges, replicas: replicas,
                format: output
            ).run()
        }
    }
}
