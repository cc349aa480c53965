import ArgumentParser
import OffloadingModel

/// `version`.
struct VersionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Show the versions of this program and of the cluster's daemon.")

    @Flag(help: "This program's version only; no cluster is asked.")
    var client = false

    @Option(name: [.customShort("o"), .long], help: "How to print it.")
    var output = StatusFormat.text

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        guard !client else { return VersionReport(server: nil).write(output, to: ToolHost.current.output) }
        try await global.withTool { tool in
            let info = try await tool.clusterInfo()
            VersionReport(server: info.first.version).write(output, to: tool.host.output)
        }
    }
}
