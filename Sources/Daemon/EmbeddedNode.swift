public import ClusterAPI
import ClusterBootstrap
public import EmbeddedCluster
import Glibc
import JSONTree
import KubernetesModel
public import Logging
public import OffloadingModel
import PodRuntime
import SchedulerLoop
public import Scheduling

/// A whole small cluster in this process: API, controllers, scheduler, and local nodes that run pods.
public final class EmbeddedNode: DaemonCluster {
    /// As it was given.
    public let configuration: DaemonConfiguration
    /// The API with its store and controllers.
    public let cluster: EmbeddedCluster
    /// The cluster, as everything in the process reaches it.
    public let api: any ClusterAPI
    /// Where the machine is in the pods' network: the gateway's address, or loopback.
    public let gateway: String
    public var address: String { cluster.address }
    public var clusterID: String? { nil }
    public var mode: String { "embedded" }
    public var nodeAddress: ListenAddress? { nil }
    public var nodeEndpoints: NodeEndpoints { cluster.nodeEndpoints }
    private let runtime: any PodRuntime
    private let role: ClusterInfo.Role
    private let logger: Logger

    /// Opens the cluster, gives it Causeway's kinds, and opens the runtime.
    ///
    /// - Parameters:
    ///   - role: of the daemon whose cluster it is.
    ///   - hooks: change or refuse objects on their way in.
    public init(
        _ configuration: DaemonConfiguration, role: ClusterInfo.Role, hooks: [any AdmissionHook] = [], logger: Logger
    ) async throws {
        self.configuration = configuration
        self.role = role
        self.logger = logger
        OpenFiles.raiseLimit()
        let folder = "\(configuration.state)/cluster"
        var settings = ClusterConfiguration(name: configuration.clusterName, stateFolder: folder)
        settings.kubeconfigPath = configuration.kubeconfig ?? "\(configuration.state)/admin.kubeconfig"
        settings.host = configuration.apiListen.host
        settings.port = configuration.apiListen.port
        settings.serviceRange = configuration.serviceCIDR
        cluster = try await EmbeddedCluster.open(settings, hooks: hooks, logger: logger)
        api = cluster.api()
        do {
            runtime = try await Self.openRuntime(configuration, logger: logger)
            gateway = runtime.hostAddress
            try await CustomResourceInstaller(api, logger: logger).install()
            try await SystemNamespace.ensure(api)
        } catch {
            await cluster.close()
            throw error
        }
    }

    static func runtimeFolder(_ configuration: DaemonConfiguration) -> String { "\(configuration.state)/pods" }

    private static func openRuntime(_ configuration: DaemonConfiguration, logger: Logger) async throws -> any PodRuntime
    {
        switch configuration.runtime {
        case .hollow: return try HollowRuntime(podCIDR: configuration.podCIDR)
        case .process: return try await ProcessRuntime.open(try processRuntime(configuration), logger: logger)
        case .podman:
            throw DaemonError(
                "--runtime podman is not there yet: it comes with a later version; use process, or hollow where nothing need run"
            )
        }
    }

    static func processRuntime(_ configuration: DaemonConfiguration) throws -> ProcessRuntimeConfiguration {
        let programs = try programFolder()
        let images = try configuration.images ?? findImages(near: programs)
        return ProcessRuntimeConfiguration(
            folder: runtimeFolder(configuration), podCIDR: configuration.podCIDR, imageTable: images,
            supervisor: "\(programs)/causeway-supervisor", version: CausewayVersion.current)
    }

    /// The folder of this program.
    private static func programFolder() throws(DaemonError) -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes { bytes in
            bytes.withMemoryRebound(to: CChar.self) { characters in
                characters.baseAddress.map { readlink("/proc/self/exe", $0, characters.count) } ?? -1
            }
        }
        guard count > 0 else { throw DaemonError("cannot tell where this program is: /proc is not there") }
        let path = String(decoding: buffer[..<count], as: UTF8.self)
        return String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    }

    /// The image table as it is installed, or as it lies in the source tree when the program was built there.
    private static func findImages(near folder: String) throws(DaemonError) -> String {
        var up = folder
        for _ in 0..<6 {
            for place in ["\(up)/config/images.yaml", "\(up)/share/causeway/images.yaml"] where access(place, R_OK) == 0
            {
                return place
            }
            guard let slash = up.lastIndex(of: "/"), slash != up.startIndex else { break }
            up = String(up[..<slash])
        }
        throw DaemonError("no image table is found near \(folder): name it with --images, such as config/images.yaml")
    }

    private var nodes: [NodeAgentConfiguration.Node] {
        (0..<configuration.localNodes).map { place in
            place == 0
                ? .init(name: "\(configuration.clusterName)-control-plane", roles: ["control-plane"])
                : .init(name: "\(configuration.clusterName)-worker\(place == 1 ? "" : String(place))", roles: [])
        }
    }

    /// Runs everything until the task is cancelled. Pods go on running then.
    public func run(
        advice: any PlacementAdvice,
        schedules: @escaping @Sendable (@escaping @Sendable (_ node: String?) -> Void) -> Void
    ) async throws {
        let now: @Sendable () -> Int = { Int(time(nil)) }
        let agent = NodeAgent(
            cluster: cluster.api(as: .component("kubelet")), runtime: runtime,
            configuration: NodeAgentConfiguration(
                nodes: nodes, kubeletVersion: EmbeddedCluster.kubernetesVersion, podCIDR: configuration.podCIDR,
                folder: configuration.state),
            logger: logger)
        for node in nodes { cluster.nodeEndpoints[node.name] = agent }
        let scheduler = SchedulerLoop(
            cluster.api(as: .component("kube-scheduler")),
            configuration: scheduling, advice: advice, now: now,
            logger: logger)
        schedules { node in if let node { scheduler.refreshNode(node) } else { scheduler.refreshNodes() } }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.cluster.run() }
            group.addTask { await agent.run() }
            group.addTask { await scheduler.run() }
            // Whichever ends first ends all: none of them ends on its own.
            try await group.next()
            group.cancelAll()
        }
    }

    /// Pods for virtual nodes are left to the hub that knows them: where this is an agent's cluster, one may run beside.
    private var scheduling: SchedulerConfiguration {
        let seed = configuration.schedulingSeed
        return switch role {
        case .hub: SchedulerConfiguration(seed: seed)
        case .agent: SchedulerConfiguration(schedulerNames: [SchedulerConfiguration.defaultName], seed: seed)
        }
    }

    /// Waits until the local nodes are Ready.
    public func waitUntilReady() async throws {
        while true {
            var areReady = true
            for node in nodes {
                let object = try await api.find(.nodes, name: node.name)
                if !Conditions.isTrue("Ready", in: object?.status["conditions"]) { areReady = false }
            }
            if areReady { return }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Ends all pods of a state folder and removes everything that its runtime made on the machine.
    public static func cleanUp(_ configuration: DaemonConfiguration, logger: Logger) async throws {
        guard configuration.access == nil else {
            throw DaemonError(
                "on a real cluster there is nothing to clean up on this machine: its own nodes run the pods")
        }
        guard configuration.runtime == .process else { return }
        let runtime = try await ProcessRuntime.open(try processRuntime(configuration), logger: logger)
        await runtime.purge()
    }
}
