import ArgumentParser
import ClusterAPI
import Daemon
import EmbeddedCluster
import Foundation
import Hub
import KubernetesModel
import Logging
import NIOPosix
import OffloadingModel

@main
struct Program: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "causeway-hub",
        abstract: "Runs the origin cluster's pods on edge clusters: peerings, virtual nodes, offloading, scheduling.",
        version: CausewayVersion.current, subcommands: [Run.self, CleanUp.self], defaultSubcommand: Run.self)
}

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Run the hub with its embedded cluster (the default).")

    @OptionGroup var options: DaemonOptions

    func run() async throws {
        let configuration = try options.configuration()
        let logger = DaemonRun.logger("causeway-hub", level: configuration.logLevel)
        let state = try DaemonState(configuration)
        let admission = Admission()
        let node = try await EmbeddedNode(configuration, hooks: [admission], logger: logger)
        admission.cluster = node.api
        let hub = Hub(
            configuration: HubConfiguration(
                clusterID: state.clusterID, clusterName: configuration.clusterName, version: CausewayVersion.current),
            cluster: node.api, credentials: try FileCredentialStore(stateFolder: configuration.state),
            endpoints: node.cluster.nodeEndpoints, group: MultiThreadedEventLoopGroup.singleton, logger: logger,
            now: { Int(time(nil)) })
        let info = state.clusterInfo(role: .hub, peerAddress: "", authorityPin: "", apiServer: node.cluster.address)
        try await DaemonRun.serve(
            node, state: state, info: info, logger: logger, advice: hub.advice, schedules: { hub.onEdgeChange($0) },
            service: { try await hub.run() })
    }
}
