import ArgumentParser
import ClusterAPI
import Foundation
import KubeletServer
import KubernetesClient
import Logging
import PodRuntime
import SchedulerLoop

/// Plays the kubelet and the scheduler of a real control plane that has neither: for tests, which have no container runtime.
///
/// Registers one node, gives it all pods that ask for the default scheduler, and runs them by the process runtime as an
/// embedded cluster would. It is no part of what users install.
@main
struct Program: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "NodeStandIn",
        abstract: "For tests: plays the kubelet and the scheduler of a control plane that has neither.")

    @Option(help: "The control plane.")
    var kubeconfig: String

    @Option(help: "The node's name.")
    var node: String

    @Option(help: "The folder of the pods.")
    var pods: String

    @Option(name: .customLong("pod-cidr"), help: "The pods' network.")
    var podCIDR: String

    @Option(help: "The table of images; without one nothing runs, and pods only look as if they did.")
    var images: String?

    @Option(help: "The folder with causeway-supervisor.")
    var programs: String

    func run() async throws {
        LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
        let logger = Logger(label: "node-stand-in")
        let connection = try Kubeconfig.load(path: kubeconfig, environment: [:]).connection()
        let client = try KubernetesClient(connection, logger: logger)
        let runtime: any PodRuntime
        if let images {
            runtime = try await ProcessRuntime.open(
                ProcessRuntimeConfiguration(
                    folder: pods, podCIDR: podCIDR, imageTable: images,
                    supervisor: "\(programs)/causeway-supervisor", version: "test"), logger: logger)
        } else {
            runtime = try HollowRuntime(podCIDR: podCIDR)
        }
        let version = try await client.version()
        let agent = NodeAgent(
            cluster: client, runtime: runtime,
            configuration: NodeAgentConfiguration(
                nodes: [.init(name: node)], kubeletVersion: version.gitVersion, podCIDR: podCIDR), logger: logger)
        let scheduler = SchedulerLoop(
            client, configuration: SchedulerConfiguration(schedulerNames: [SchedulerConfiguration.defaultName]),
            now: { Int(time(nil)) }, logger: logger)
        let endpoints = NodeEndpoints()
        endpoints[node] = agent
        // At the address that the node reports, and the port that kubelets have.
        let kubelet = try await KubeletServer.start(
            host: runtime.hostAddress, port: 10250, cluster: client, endpoints: endpoints, logger: logger)
        logger.info("serving", metadata: ["address": "\(runtime.hostAddress):\(kubelet.port)"])
        await withDiscardingTaskGroup { group in
            group.addTask { await agent.run() }
            group.addTask { await scheduler.run() }
        }
    }
}
