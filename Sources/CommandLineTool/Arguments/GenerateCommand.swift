import ArgumentParser
import Sessions

/// `generate …`.
struct GenerateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate", abstract: "Generate what another cluster needs.",
        subcommands: [GeneratePeerCommand.self])
}

/// `generate peer-command`.
struct GeneratePeerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "peer-command",
        abstract: "Print the command that peers another cluster with this one.",
        discussion: """
            Run at an edge; the printed line is for the origin. It holds a token that is good once, for a short time. The \
            cluster keeps only the token's hash.
            """)

    @Flag(help: "Print the command's line only.")
    var onlyCommand = false

    @Option(help: ArgumentHelp("How long the token is good: 1s to 24h.", valueName: "time"))
    var ttl = TimeSpan(.seconds(TokenRecord.defaultLifetime))

    @Option(name: .customLong("for"), help: ArgumentHelp("The only cluster that may use the token.", valueName: "name"))
    var peer: String?

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        try await global.withTool(linesToErrors: true) { tool in
            try await PeerCommandGenerator(
                tool: tool, lifetime: ttl.duration, boundName: peer, isQuiet: onlyCommand
            ).run()
        }
    }
}
