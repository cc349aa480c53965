import ArgumentParser
import Daemon

struct CleanUp: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cleanup",
        abstract: "End all pods of an agent that does not run, and remove what its runtime made on the machine.")

    @OptionGroup var options: DaemonOptions

    func run() async throws {
        let configuration = try options.configuration()
        let logger = DaemonRun.logger("causeway-agent", level: configuration.logLevel)
        try await EmbeddedNode.cleanUp(configuration, logger: logger)
    }
}
