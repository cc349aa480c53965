public import ClusterAPI
import JSONTree
public import KubernetesModel
public import Logging

/// A Kubernetes-compatible cluster in this process: an API backed by one SQLite file.
///
/// `open` reads the state and makes the system's namespaces; from then on `api(as:)` serves callers in the process.
/// `run` keeps the house: timeouts and bookmarks of watches, and the end of custom resources.
public final class EmbeddedCluster: Sendable {
    public let configuration: ClusterConfiguration
    /// Which endpoint answers for which node; filled by whoever runs nodes.
    public let nodeEndpoints: NodeEndpoints
    let pipeline: ResourcePipeline
    let logger: Logger

    private init(
        _ configuration: ClusterConfiguration, _ pipeline: ResourcePipeline, _ nodes: NodeEndpoints, _ logger: Logger
    ) {
        self.configuration = configuration
        self.pipeline = pipeline
        self.nodeEndpoints = nodes
        self.logger = logger
    }

    /// Opens the cluster of a state folder, making it where there is none.
    ///
    /// - Parameters:
    ///   - hooks: change or refuse objects on their way in, in this order.
    ///   - nodes: which endpoint answers for which node; may be filled later.
    /// - Throws: `StoreError` where the state cannot be used: held by another process, foreign, damaged, unreadable.
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
            folder: configuration.stateFolder, serviceRange: addresses, hooks: hooks, nodes: nodes)
        let cluster = EmbeddedCluster(configuration, pipeline, nodes, logger)
        try await cluster.makeNamespaces()
        return cluster
    }

    private func makeNamespaces() async throws {
        let api = api()
        for name in ["default", "kube-system", "kube-public", "kube-node-lease"]
        where try await api.find(.namespaces, name: name) == nil {
            _ = try await api.create(.namespaces, KubernetesObject(.namespaces, name: name))
        }
    }

    /// The cluster on behalf of a user, without HTTP between.
    public func api(as user: UserIdentity = .cluster) -> any ClusterAPI {
        InProcessClusterAPI(pipeline: pipeline, user: user)
    }

    /// The types that are served now, custom ones included, with one version each.
    public var servedTypes: [ResourceType] {
        var seen: Set<ResourceID> = []
        return pipeline.registry.definitions.map(\.type).filter { seen.insert(ResourceID($0)).inserted }
    }

    /// The objects that name an owner's uid in their owner references, with their types: for the garbage collector.
    public func dependents(ofUID uid: String) -> [(type: ResourceType, object: KubernetesObject)] {
        let types = Dictionary(servedTypes.map { (ResourceID($0), $0) }) { first, _ in first }
        return pipeline.store.objects(ownedBy: uid).compactMap { object in
            types[object.resource].map { ($0, object.object) }
        }
    }

    /// Keeps the house until the task is cancelled, then finishes the writes that wait and closes the store.
    public func run() async throws {
        defer { close() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.tick() }
            group.addTask { try await CustomResourceCleanup(pipeline: self.pipeline, logger: self.logger).run() }
            try await group.next()
            group.cancelAll()
        }
    }

    private func tick() async throws {
        while true {
            try await Task.sleep(for: .seconds(1))
            pipeline.store.tick(.now)
        }
    }

    /// Finishes the writes that wait, refuses later ones, ends watches. Idempotent.
    public func close() { pipeline.store.close() }
}
