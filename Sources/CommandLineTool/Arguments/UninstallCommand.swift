import ArgumentParser

/// `uninstall`.
struct UninstallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "uninstall",
        abstract: "Remove Causeway's objects from a cluster.",
        discussion: """
            Refused while the cluster is peered or a namespace is offloaded. What 'install' applied goes whole, with the daemon \
            and its keys. A daemon that nobody installed, and its cluster, stay up: stop it yourself.
            """)

    @Flag(help: "Remove Causeway's CustomResourceDefinitions, too.")
    var purge = false

    @Option(help: ArgumentHelp("How long to wait.", valueName: "time"))
    var timeout = TimeSpan(.seconds(600))

    @Option(name: [.customShort("o"), .long], help: "How to print what was removed.")
    var output = StatusFormat.text

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        try await global.withTool(linesToErrors: output == .json) {
            try await Uninstallation(tool: $0, purges: purge, timeout: timeout.duration, format: output).run()
        }
    }
}
