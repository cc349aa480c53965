public import ClusterAPI
import JSONTree
import KubernetesModel
public import Logging
public import OffloadingModel

/// Keeps the ConfigMap `causeway-system/cluster-info` true: `causewayctl` learns from it all it needs.
///
/// Whoever deletes or edits it by hand gets it back. Where the other daemon of the cluster has it already, what this one says
/// is in `cluster-info-hub` or `cluster-info-agent`, so that each has one writer.
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
        do {
            let first = try await find(Names.clusterInfo)
            let second = Names.clusterInfo(info.role)
            guard first?.json["data"]?["role"]?.string != info.role.opposite.rawValue else {
                return try await keep(second, try await find(second))
            }
            // What is left under the other name, from when the other daemon was first, counts for nothing then.
            try await keep(Names.clusterInfo, first)
        } catch let error as APIError where error.isAlreadyExists || error.isNotFound || error.isConflict {
            // Somebody else was faster: the change is seen and looked at again.
            return
        }
    }

    private func find(_ name: String) async throws -> KubernetesObject? {
        try await cluster.find(.configMaps, namespace: Names.systemNamespace, name: name)
    }

    private func keep(_ name: String, _ found: KubernetesObject?) async throws {
        let data = info.object.json["data"] ?? [:]
        guard let found else {
            _ = try await cluster.create(
                .configMaps,
                KubernetesObject(.configMaps, name: name, namespace: Names.systemNamespace, ["data": data]))
            return
        }
        guard found.json["data"]?.contains(data) != true else { return }
        // Of this version: the other daemon may be taking the first one's place just now.
        _ = try await cluster.merge(
            .configMaps, namespace: Names.systemNamespace, name: name,
            ["metadata": ["resourceVersion": .string(found.resourceVersion)], "data": data])
    }

    /// Publishes, and again whenever the ConfigMaps change, until the task is cancelled.
    public func run() async {
        // One for each name: a daemon may not see what else is there.
        let informers = [Names.clusterInfo, Names.clusterInfo(info.role)].map {
            Informer(
                cluster, .configMaps, namespace: Names.systemNamespace, fieldSelector: "metadata.name=\($0)",
                logger: logger)
        }
        let controller = Controller<String>("cluster-info", workers: 1, logger: logger) { _ in
            try await publish()
            return .none
        }
        for informer in informers { informer.onChange { _ in controller.queue.add(Names.clusterInfo) } }
        controller.queue.add(Names.clusterInfo)
        await withDiscardingTaskGroup { group in
            for informer in informers { group.addTask { await informer.run() } }
            group.addTask { await controller.run() }
        }
    }
}
