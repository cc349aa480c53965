public import ClusterAPI
import JSONTree
import KubernetesModel
public import Logging
public import OffloadingModel

/// Keeps the ConfigMap `causeway-system/cluster-info` true: `causewayctl` learns from it all it needs.
///
/// Whoever deletes or edits it by hand gets it back.
public struct ClusterInfoPublisher: Sendable {
    private let cluster: any ClusterAPI
    private let info: ClusterInfo
    private let logger: Logger

    public init(_ cluster: any ClusterAPI, _ info: ClusterInfo, logger: Logger) {
        self.cluster = cluster
        self.info = info
        self.logger = logger
    }

    /// Writes the ConfigMap, and its namespace, where they are missing or say something else. Entries of others stay.
    public func publish() async throws {
        try await SystemNamespace.ensure(cluster)
        let wanted = info.object
        do {
            guard
                let found = try await cluster.find(
                    .configMaps, namespace: Names.systemNamespace, name: Names.clusterInfo)
            else {
                _ = try await cluster.create(.configMaps, wanted)
                return
            }
            let data = wanted.json["data"] ?? [:]
            guard found.json["data"]?.contains(data) != true else { return }
            _ = try await cluster.merge(
                .configMaps, namespace: Names.systemNamespace, name: Names.clusterInfo, ["data": data])
        } catch let error as APIError where error.isAlreadyExists || error.isNotFound {
            // Somebody else was faster: the change is seen and looked at again.
            return
        }
    }

    /// Publishes, and again whenever the ConfigMap changes, until the task is cancelled.
    public func run() async {
        let informer = Informer(
            cluster, .configMaps, namespace: Names.systemNamespace,
            fieldSelector: "metadata.name=\(Names.clusterInfo)", logger: logger)
        let controller = Controller<String>("cluster-info", workers: 1, logger: logger) { _ in
            try await publish()
            return .none
        }
        informer.onChange { _ in controller.queue.add(Names.clusterInfo) }
        controller.queue.add(Names.clusterInfo)
        await withDiscardingTaskGroup { group in
            group.addTask { await informer.run() }
            group.addTask { await controller.run() }
        }
    }
}
