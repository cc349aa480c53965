public import ClusterAPI
import JSONTree
public import KubernetesModel
public import Logging
import TLSTransport

/// A Kubernetes-compatible cluster in this process: an API backed by one SQLite file.
///
/// `open` reads the state, makes the system's namespaces and serves the API over HTTPS; from then on `api(as:)` serves
/// callers in the process too. `run` keeps the house: the built-in controllers, timeouts and bookmarks of watches, the end
/// of custom resources and of old events, and certificates that are due.
public final class EmbeddedCluster: Sendable {
    public let configuration: ClusterConfiguration
    /// Which endpoint answers for which node; filled by whoever runs nodes.
    public let nodeEndpoints: NodeEndpoints
    let pipeline: ResourcePipeline
    let logger: Logger
    private let server: ClusterServer?

    private init(
        _ configuration: ClusterConfiguration, _ pipeline: ResourcePipeline, _ server: ClusterServer?,
        _ logger: Logger
    ) {
        self.configuration = configuration
        self.pipeline = pipeline
        self.nodeEndpoints = pipeline.nodes
        self.server = server
        self.logger = logger
    }

    /// Opens the cluster of a state folder, making it where there is none.
    ///
    /// - Parameters:
    ///   - hooks: change or refuse objects on their way in, in this order.
    ///   - nodes: which endpoint answers for which node; may be filled later.
    /// - Throws: `StoreError` where the state cannot be used: held by another process, foreign, damaged, unreadable;
    ///   `HTTPTransportError` where the port is taken.
    public static func open(
        _ configuration: ClusterConfiguration, hooks: [any AdmissionHook] = [], nodes: NodeEndpoints = NodeEndpoints(),
        logger: Logger = Logger(label: "causeway.cluster")
    ) async throws -> EmbeddedCluster {
        guard let addresses = ServiceAddresses(range: configuration.serviceRange) else {
            throw StoreError(
                .inputOutput,
                "serviceRange \"\(configuration.serviceRange)\" is no IPv4 range: write it as 10.96.0.0/16, with 8 to 29 bits"
            )
        }
        try StateFolder.make(configuration.stateFolder)
        let pipeline = try ResourcePipeline(
            folder: configuration.stateFolder, serviceRange: addresses,
            tokens: try ServiceAccountTokens.load(folder: configuration.stateFolder), hooks: hooks, nodes: nodes)
        do {
            let objects = SystemObjects(
                api: InProcessClusterAPI(pipeline: pipeline, user: .component("kube-apiserver")))
            try await objects.ensure()
            let server =
                configuration.servesHTTPS
                ? try await ClusterServer.start(configuration, pipeline: pipeline, logger: logger) : nil
            if let server {
                try await objects.ensureService(
                    clusterIP: addresses.firstAddress, host: server.host, port: server.port)
            }
            return EmbeddedCluster(configuration, pipeline, server, logger)
        } catch {
            pipeline.store.close()
            throw error
        }
    }

    /// The cluster on behalf of a user, without HTTP between.
    public func api(as user: UserIdentity = .cluster) -> any ClusterAPI {
        InProcessClusterAPI(pipeline: pipeline, user: user)
    }

    /// The types that are served now, custom ones included, with one version each.
    public var servedTypes: [ResourceType] {
        var seen: Set<ResourceID> = []
        return pipeline.registry.definitions.filter { seen.insert($0.storage).inserted }.map(\.type)
    }

    /// The objects that name an owner's uid in their owner references, with their types: for the garbage collector.
    public func dependents(ofUID uid: String) -> [(type: ResourceType, object: KubernetesObject)] {
        let types = Dictionary(servedTypes.map { (ResourceID($0), $0) }) { first, _ in first }
        return pipeline.store.objects(ownedBy: uid).compactMap { object in
            types[object.resource].map { ($0, object.object) }
        }
    }

    /// The Kubernetes version that the API serves, as nodes show it.
    public static let kubernetesVersion = Discovery.gitVersion

    /// The port that is listened on; 0 where the API is not served over HTTPS.
    public var port: Int { server?.port ?? 0 }

    /// Where clients reach the API, such as `https://127.0.0.1:6443`; empty where it is not served over HTTPS.
    public var address: String { server?.address ?? "" }

    /// The administrator's kubeconfig; empty where the API is not served over HTTPS.
    public var kubeconfigPath: String { server?.kubeconfigPath ?? "" }

    /// Keeps the house until the task is cancelled, then closes the cluster.
    public func run() async throws {
        let result: Result<Void, any Error>
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await self.tick() }
                group.addTask { try await self.keepService() }
                if let controllers = self.configuration.controllers {
                    let manager = ControllerManager(
                        cluster: self.api(as: .component("kube-controller-manager")), servedTypes: self,
                        logger: self.logger, now: self.pipeline.now,
                        configuration: controllers, rootCertificate: self.server?.authority.pem)
                    group.addTask { await manager.run() }
                }
                group.addTask {
                    try await EventExpiry(pipeline: self.pipeline, lifetime: self.configuration.eventLifetime).run()
                }
                group.addTask { try await CustomResourceCleanup(pipeline: self.pipeline, logger: self.logger).run() }
                try await group.next()
                group.cancelAll()
            }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await close()
        try result.get()
    }

    /// Makes the Service `kubernetes` anew where somebody deleted it.
    private func keepService() async throws {
        while true {
            // As often as a real API server looks.
            try await Task.sleep(for: .seconds(10))
            guard let server else { continue }
            do {
                try await SystemObjects(api: api(as: .component("kube-apiserver"))).ensureService(
                    clusterIP: pipeline.addresses.firstAddress, host: server.host, port: server.port)
            } catch let error as APIError {
                logger.debug("service kubernetes not stored", metadata: ["error": "\(error)"])
            }
        }
    }

    private func tick() async throws {
        while true {
            try await Task.sleep(for: .seconds(1))
            pipeline.store.tick(.now)
            server?.renewIfDue()
        }
    }

    /// Stops serving, finishes the writes that wait, refuses later ones, ends watches. Idempotent.
    public func close() async {
        pipeline.store.endFollowers()
        await server?.close()
        pipeline.store.close()
    }
}
