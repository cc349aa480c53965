import ArgumentParser

/// `unpeer …`.
struct UnpeerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unpeer", abstract: "End a peering.",
        subcommands: [UnpeerOutOfBandCommand.self, UnpeerOutgoingCommand.self],
        defaultSubcommand: UnpeerOutgoingCommand.self)
}

/// `unpeer out-of-band NAME`.
struct UnpeerOutOfBandCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "out-of-band",
        abstract: "End the peering with a cluster and forget the cluster.",
        discussion: """
            Its pods move away, its virtual node and its remote namespaces go. Works when the cluster is away. It cannot come \
            back by a token that was made here before; for that, generate one afterwards.
            """,
        aliases: ["oob"])

    @Argument(help: "The ForeignCluster's name.")
    var name: String

    @Option(help: ArgumentHelp("How long to wait.", valueName: "time"))
    var timeout = TimeSpan(.seconds(120))

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        try await global.withTool {
            try await Unpeering(tool: $0, name: name, forgets: true, timeout: timeout.duration).run()
        }
    }
}

/// `unpeer NAME`: disables the outgoing peering and keeps the ForeignCluster.
struct UnpeerOutgoingCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outgoing",
        abstract: "Disable the outgoing peering with a cluster and keep the cluster known (the default).")

    @Argument(help: "The ForeignCluster's name.")
    var name: String

    @Option(help: ArgumentHelp("How long to wait.", valueName: "time"))
    var timeout = TimeSpan(.seconds(120))

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        try await global.withTool {
            try await Unpeering(tool: $0, name: name, forgets: false, timeout: timeout.duration).run()
        }
    }
}
