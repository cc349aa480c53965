import ArgumentParser

/// `revoke NAME`.
struct RevokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Revoke the certificates of a peer, and close its connection.",
        discussion: """
            Run at the cluster that the other one dials, which has issued its certificates. The peering stays; the other \
            cluster is refused until it enrols anew with a new token. Pods follow their namespaces' policies meanwhile, as \
            when the edge is away; where nobody enrols anew within the edge's setting revoked-grace-period (a day by default), \
            the edge ends all that is left of the peering.
            """)

    @Argument(help: "The ForeignCluster's name.")
    var name: String

    @Option(help: ArgumentHelp("How long to wait.", valueName: "time"))
    var timeout = TimeSpan(.seconds(20))

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        try await global.withTool {
            try await Revocation(tool: $0, name: name, timeout: timeout.duration).run()
        }
    }
}
