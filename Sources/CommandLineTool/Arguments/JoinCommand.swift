import ArgumentParser
import OffloadingModel

/// `join …`.
struct JoinCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "join", abstract: "Join an origin as one of its edges.", subcommands: [JoinOutOfBandCommand.self],
        defaultSubcommand: JoinOutOfBandCommand.self)
}

/// `join out-of-band NAME`.
struct JoinOutOfBandCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "out-of-band",
        abstract: "Join an origin, by the command that it generated.",
        discussion: """
            Run at the edge what 'generate join-command' printed at the origin. The edge dials the origin, so nothing needs \
            to reach the edge. Returns when the peering stands. If that fails nothing is left behind.
            """,
        aliases: ["oob"])

    @OptionGroup var target: PeeringArguments

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let request = try target.request(.incoming)
        try await global.withTool { tool in
            try await OutOfBandPeering(tool: tool, request: request, timeout: target.timeout?.duration).run()
        }
    }
}
