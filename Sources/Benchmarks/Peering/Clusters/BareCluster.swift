import ArgumentParser
import Daemon
import Logging
import OffloadingModel
import Scheduling
import TLSTransport

/// An embedded cluster without a hub or an agent: what a real cluster is to an agent that runs beside it.
struct BareCluster: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bare-cluster", abstract: "Run an embedded cluster alone.", shouldDisplay: false)

    @OptionGroup var options: DaemonOptions

    /// The file in the state folder that says that the cluster takes pods.
    static func readyPath(_ state: String) -> String { "\(state)/ready" }

    func run() async throws {
        let configuration = try options.configuration()
        let node = try await EmbeddedNode(configuration, role: .agent, logger: .silent)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await node.run(advice: OrdinaryNodes(), schedules: { _ in }) }
            try await node.waitUntilReady()
            try KeyFile.write(Array(node.address.utf8), to: Self.readyPath(configuration.state))
            try await group.next()
        }
    }
}
