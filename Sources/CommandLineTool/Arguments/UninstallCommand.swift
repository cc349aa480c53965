import ArgumentParser

/// `uninstall`.
struct UninstallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "uninstall",
        abstract: "Remove Causeway's objects from a cluster.",
        discussion: """
            Refused while the cluster is peered or a namespace is offloaded. The cluster's API and its daemon stay up; \
            stop the daemon yourself.
            """)

    @Flag(help: "Remove Causeway's CustomResourceDefinitions, too.")
    var purge = false

    @Option(help: ArgumentHelp("How long to wait.", valueName: "time"))
    var timeout = TimeSpan(.seconds(600))

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        try await global.withTool {
            try await Uninstallation(tool: $0, purges: purge, timeout: timeout.duration).run()
        }
    }
}
