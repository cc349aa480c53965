import AdmissionWebhook
import ClusterAPI
import ClusterBootstrap
import Digests
import EmbeddedCluster
import FoundationEssentials
import Glibc
import JSONTree
import KubeletServer
import KubernetesClient
import KubernetesModel
import Leadership
import Logging
import OffloadingModel
import SchedulerLoop
import Scheduling
import Synchronization

/// A real cluster, of which the daemon is a client like any other: its own nodes run the pods, its own controllers and
/// scheduler go on beside.
///
/// What the daemon keeps in it: Causeway's kinds, the namespace `causeway-system`, and what hub or agent write. Beside a
/// hub's cluster the pods of offloaded namespaces get their nodes from the scheduler in this process.
final class KubernetesCluster: DaemonCluster {
    /// Behind the fence, where one of several replicas leads.
    let api: any ClusterAPI
    let address: String
    let clusterID: String?
    let mode = "kubernetes"
    let gateway = ""
    let nodeEndpoints: NodeEndpoints
    let nodeAddress: ListenAddress?
    private let kubelet: KubeletServer?
    private let role: ClusterInfo.Role
    let configuration: DaemonConfiguration
    let logger: Logger
    let client: KubernetesClient
    /// `nil` for a daemon that is the only one.
    let elector: LeaderElector?
    private let webhook = Mutex<Task<Void, Never>?>(nil)
    /// Held as long as the daemon runs: two of them with one identity would take each other's connections.
    private let lock: StateFolderLock

    private init(
        _ client: KubernetesClient, clusterID: String, role: ClusterInfo.Role, configuration: DaemonConfiguration,
        lock: StateFolderLock, nodeEndpoints: NodeEndpoints, kubelet: KubeletServer?, logger: Logger
    ) throws {
        self.client = client
        elector = try configuration.electsLeader ? Self.elector(client, role, logger) : nil
        api = elector.map { FencedCluster(client, fence: $0.fence) } ?? client
        address = "\(client.connection.endpoint)"
        self.clusterID = clusterID
        self.role = role
        self.configuration = configuration
        self.lock = lock
        self.nodeEndpoints = nodeEndpoints
        self.kubelet = kubelet
        nodeAddress = kubelet.map { ListenAddress(host: configuration.nodeListen.host, port: $0.port) }
        self.logger = logger
    }

    /// Connects, gives the cluster Causeway's kinds and namespace where they are missing, and learns its id.
    ///
    /// - Throws: `KubeconfigError`; `ClusterUnreachable` where the cluster has not answered for a minute; `DaemonError` where
    ///   the cluster goes by another name.
    static func open(
        _ reach: DaemonConfiguration.ClusterAccess, _ configuration: DaemonConfiguration, role: ClusterInfo.Role,
        logger: Logger
    ) async throws -> KubernetesCluster {
        _ = try StateFiles(configuration.state)
        guard access("\(configuration.state)/cluster", F_OK) != 0 else {
            throw DaemonError(
                "the state folder \(configuration.state) is that of a daemon with a cluster of its own: "
                    + "name another folder with --state")
        }
        let lock = try StateFolderLock(path: "\(configuration.state)/lock")
        let client = try client(reach, role: role, logger: logger)
        let version = try await waitForAnswer(client, logger: logger)
        logger.info(
            "connected",
            metadata: ["api": "\(client.connection.endpoint)", "kubernetes": "\(version.gitVersion)"])
        try await CustomResourceInstaller(client, logger: logger).install()
        try await SystemNamespace.ensure(client)
        let id = try await identity(
            client, role: role, name: configuration.clusterName,
            isEmbedded: version.gitVersion == EmbeddedCluster.kubernetesVersion)
        let endpoints = NodeEndpoints()
        let kubelet = role == .hub ? try await startKubelet(configuration.nodeListen, client, endpoints, logger) : nil
        return try KubernetesCluster(
            client, clusterID: id, role: role, configuration: configuration, lock: lock, nodeEndpoints: endpoints,
            kubelet: kubelet, logger: logger)
    }

    /// A way to the cluster, and nothing else.
    static func client(
        _ access: DaemonConfiguration.ClusterAccess, role: ClusterInfo.Role, logger: Logger
    ) throws -> KubernetesClient {
        var settings = KubernetesClientConfiguration()
        settings.userAgent = "causeway-\(role.rawValue)"
        return try KubernetesClient(try connection(access), configuration: settings, logger: logger)
    }

    private static func connection(_ access: DaemonConfiguration.ClusterAccess) throws -> ClusterConnection {
        switch access {
        case .kubeconfig(let file, let context):
            try Kubeconfig.load(path: file, environment: [:]).connection(context: context)
        case .serviceAccount:
            try ClusterConnection.inCluster(environment: ProcessInfo.processInfo.environment)
        }
    }

    /// A cluster that does not say whom it trusts has no way to ask: its offloaded pods' logs are read at the edge then.
    private static func startKubelet(
        _ listen: ListenAddress, _ client: KubernetesClient, _ endpoints: NodeEndpoints, _ logger: Logger
    ) async throws -> KubeletServer? {
        do {
            return try await KubeletServer.start(
                host: listen.host, port: listen.port, cluster: client, endpoints: endpoints, logger: logger)
        } catch let error as APIError {
            logger.warning(
                "logs of offloaded pods cannot be read at the origin: the cluster does not tell its client authority",
                metadata: ["error": "\(error)"])
            return nil
        }
    }

    /// An API server that is just being started anew must not end the daemon.
    private static func waitForAnswer(_ client: KubernetesClient, logger: Logger) async throws -> ServerVersion {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            do {
                return try await client.version()
            } catch let error as ClusterUnreachable {
                guard ContinuousClock.now < deadline else { throw error }
                logger.warning("the cluster does not answer, trying again", metadata: ["error": "\(error)"])
            } catch let error as APIError where error.code >= 500 || error.code == 429 {
                guard ContinuousClock.now < deadline else { throw error }
                logger.warning("the cluster is not ready, trying again", metadata: ["error": "\(error)"])
            }
            try await Task.sleep(for: .seconds(1))
        }
    }

    /// The id that the cluster is known by: what it has said of itself so far, else the uid of `kube-system`, which every
    /// cluster has for all its life.
    ///
    /// A hub and an agent may share a cluster: it has one id and one name in all its peerings then.
    ///
    /// - Parameter isEmbedded: whether the cluster is the other daemon's own: that one makes the id.
    private static func identity(
        _ client: KubernetesClient, role: ClusterInfo.Role, name: String, isEmbedded: Bool
    ) async throws -> String {
        func said(_ name: String) async throws -> ClusterInfo? {
            try await client.find(.configMaps, namespace: Names.systemNamespace, name: name).map { try ClusterInfo($0) }
        }
        let deadline = ContinuousClock.now + .seconds(60)
        var first = try await said(Names.clusterInfo)
        while first == nil, isEmbedded, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(200))
            first = try await said(Names.clusterInfo)
        }
        let second = try await said(Names.clusterInfo(role.opposite))
        if let other = [first, second].compactMap({ $0 }).first(where: { $0.role != role }),
            other.clusterName != name
        {
            throw DaemonError(
                "--cluster-name: the cluster is called \(other.clusterName), as its causeway-\(other.role.rawValue) says in a "
                    + "ConfigMap of \(Names.systemNamespace), and has one name in all its peerings: start this daemon with "
                    + "--cluster-name \(other.clusterName); if that one is gone for good, delete its ConfigMap")
        }
        if let known = first ?? second { return known.clusterID }
        return try await client.get(.namespaces, namespace: nil, name: "kube-system").uid
    }

    func run(
        advice: any PlacementAdvice,
        schedules: @escaping @Sendable (@escaping @Sendable (_ node: String?) -> Void) -> Void
    ) async throws {
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                if let elector { group.addTask { try await elector.lead() } }
                group.addTask { try await self.work(advice: advice, schedules: schedules) }
                defer { group.cancelAll() }
                try await group.next()
            }
        } catch {
            await close()
            throw error
        }
        await close()
    }

    /// Keeps the webhook's task, to end it.
    func keep(_ task: Task<Void, Never>) { webhook.withLock { $0 = task } }

    /// Ends what goes on beside: the next replica may lead.
    private func close() async {
        // In a task of its own: this one may be cancelled.
        if let elector { await Task { await elector.release() }.value }
        if let webhook = webhook.withLock({ $0 }) {
            webhook.cancel()
            await webhook.value
        }
        await kubelet?.close()
    }

    private func work(
        advice: any PlacementAdvice,
        schedules: @escaping @Sendable (@escaping @Sendable (_ node: String?) -> Void) -> Void
    ) async throws {
        switch role {
        case .hub:
            let scheduler = SchedulerLoop(
                api,
                configuration: SchedulerConfiguration(
                    schedulerNames: [Names.schedulerName], seed: configuration.schedulingSeed),
                advice: advice,
                now: { Int(time(nil)) }, logger: logger)
            schedules { node in if let node { scheduler.refreshNode(node) } else { scheduler.refreshNodes() } }
            await scheduler.run()
        case .agent:
            while !Task.isCancelled { try await Task.sleep(for: .seconds(3600)) }
        }
    }

    /// It has its own nodes, whatever state they are in.
    func waitUntilReady() async throws {}
}
