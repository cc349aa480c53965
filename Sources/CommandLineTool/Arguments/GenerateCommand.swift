import ArgumentParser
import OffloadingModel
import Sessions

/// `generate …`.
struct GenerateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate", abstract: "Generate what another cluster needs.",
        subcommands: [GeneratePeerCommand.self, GenerateJoinCommand.self])
}

/// `generate peer-command`.
struct GeneratePeerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "peer-command",
        abstract: "Print the command that peers another cluster with this one.",
        discussion: """
            Run at an edge; the printed line is for the origin, which dials the edge then. It holds a token that is good \
            once, for a short time. The cluster keeps only the token's hash.
            """)

    @OptionGroup var token: TokenArguments
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        try await global.withTool(linesToErrors: true) { try await token.generator($0, for: .agent).run() }
    }
}

/// `generate join-command`.
struct GenerateJoinCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "join-command",
        abstract: "Print the command with which an edge joins this cluster.",
        discussion: """
            Run at an origin; the printed line is for an edge that the origin cannot reach, behind NAT or a firewall: the \
            edge dials the origin then. It holds a token that is good once, for a short time. The cluster keeps only the \
            token's hash.
            """)

    @OptionGroup var token: TokenArguments
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        try await global.withTool(linesToErrors: true) { try await token.generator($0, for: .hub).run() }
    }
}

/// What a token is to be like.
struct TokenArguments: ParsableArguments {
    @Flag(help: "Print the command's line only.")
    var onlyCommand = false

    @Option(help: ArgumentHelp("How long the token is good: 1s to 24h.", valueName: "time"))
    var ttl = TimeSpan(.seconds(TokenRecord.defaultLifetime))

    @Option(name: .customLong("for"), help: ArgumentHelp("The only cluster that may use the token.", valueName: "name"))
    var peer: String?

    func generator(_ tool: Tool, for role: ClusterInfo.Role) -> PeerCommandGenerator {
        PeerCommandGenerator(
            tool: tool, role: role, lifetime: ttl.duration, boundName: peer, isQuiet: onlyCommand)
    }
}
