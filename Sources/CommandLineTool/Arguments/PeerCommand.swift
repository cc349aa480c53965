import ArgumentParser
import OffloadingModel

/// `peer …`.
struct PeerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "peer", abstract: "Peer with another cluster.",
        subcommands: [PeerOutOfBandCommand.self, PeerOutgoingCommand.self],
        defaultSubcommand: PeerOutgoingCommand.self)
}

/// `peer out-of-band NAME`.
struct PeerOutOfBandCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "out-of-band",
        abstract: "Peer with a cluster, by the command that it generated.",
        discussion: """
            Run at the origin what 'generate peer-command' printed at the edge. Returns when the edge's virtual node is \
            Ready. If that fails nothing is left behind.
            """,
        aliases: ["oob"])

    @OptionGroup var target: PeeringArguments

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let request = try target.request(.outgoing)
        try await global.withTool { tool in
            try await OutOfBandPeering(tool: tool, request: request, timeout: target.timeout?.duration).run()
        }
    }
}

/// `peer NAME`: takes an outgoing peering up again that was disabled.
struct PeerOutgoingCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outgoing",
        abstract: "Resume the outgoing peering with a cluster that is known (the default).")

    @Argument(help: "The ForeignCluster's name.")
    var name: String

    @Option(help: ArgumentHelp("How long to wait.", valueName: "time"))
    var timeout = TimeSpan(.seconds(120))

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        try await global.withTool { try await PeeringResumption(tool: $0, name: name, timeout: timeout.duration).run() }
    }
}
