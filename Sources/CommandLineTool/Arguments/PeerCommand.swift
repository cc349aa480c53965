import ArgumentParser

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

    @Argument(help: "The cluster's name: of its ForeignCluster, and of its virtual node liqo-<name>.")
    var name: String

    @Option(help: ArgumentHelp("Where the cluster takes peerings: tls://HOST:PORT.", valueName: "url"))
    var authURL: String

    @Option(help: ArgumentHelp("The cluster's id.", valueName: "id"))
    var clusterID: String

    @Option(
        help: ArgumentHelp(
            "The token, or - to read it from the standard input; \(AuthToken.variable) without it.", valueName: "token")
    )
    var authToken: String?

    @Option(help: ArgumentHelp("A file with the token, or - for the standard input.", valueName: "file"))
    var authTokenFile: String?

    @Option(
        help: ArgumentHelp(
            "How long to wait: 120s without it, less for an edge that cannot be reached.", valueName: "time"))
    var timeout: TimeSpan?

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let token = try AuthToken.obtain(argument: authToken, file: authTokenFile, host: .current)
        let request = try PeeringRequest(name: name, authURL: authURL, clusterID: clusterID, token: token)
        try await global.withTool { tool in
            try await OutOfBandPeering(tool: tool, request: request, timeout: timeout?.duration).run()
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
