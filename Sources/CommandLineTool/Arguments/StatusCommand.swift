import ArgumentParser

/// `status`, `status peer`.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show a cluster's identity, labels, health and peers.",
        discussion: "Exits with a status other than 0 if something is wrong, and says what and what to do.",
        subcommands: [StatusOverviewCommand.self, StatusPeerCommand.self],
        defaultSubcommand: StatusOverviewCommand.self)
}

/// How `status` prints.
enum StatusFormat: String, ExpressibleByArgument, CaseIterable {
    case text
    case json
}

/// `status` without more words.
struct StatusOverviewCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "overview", abstract: "Show the cluster and all its peers (the default).")

    @Option(name: [.customShort("o"), .long], help: "How to print it.")
    var output = StatusFormat.text

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        try await global.withTool { try await StatusReport(tool: $0, format: output, view: .overview).run() }
    }
}

/// `status peer [NAME…]`.
struct StatusPeerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "peer", abstract: "Show peered clusters in detail: all, or those that are named.")

    @Argument(help: "Names of ForeignClusters.")
    var names: [String] = []

    @Option(name: [.customShort("o"), .long], help: "How to print it.")
    var output = StatusFormat.text

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        try await global.withTool { try await StatusReport(tool: $0, format: output, view: .peers(names)).run() }
    }
}
