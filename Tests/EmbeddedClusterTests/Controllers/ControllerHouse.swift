import ClusterAPI
import EmbeddedCluster
import JSONTree
import KubernetesModel
import Logging
import TestKit

/// A cluster with its controllers at work, and nodes on which nothing runs.
final class ControllerHouse: Sendable {
    let api: any ClusterAPI
    private let real: TestCluster?
    private let tasks: [Task<Void, Never>]

    /// Over the embedded cluster itself.
    convenience init(
        nodes: [String] = ["one", "two"], kubeletWorkers: Int = 1,
        configuration: ControllerManager.Configuration = .init()
    ) async throws {
        let cluster = try await TestCluster()
        self.init(cluster.api, cluster.cluster, nodes, kubeletWorkers, configuration, real: cluster)
    }

    /// Over a cluster in memory that does nothing by itself: what the controllers do alone.
    static func fake(
        _ cluster: FakeCluster = FakeCluster(), types: [ResourceType] = FakeTypes.all,
        configuration: ControllerManager.Configuration = .init()
    ) -> ControllerHouse {
        ControllerHouse(cluster, FixedTypes(types), ["one", "two"], 1, configuration, real: nil)
    }

    private init(
        _ api: any ClusterAPI, _ types: any ServedTypes, _ nodes: [String], _ kubeletWorkers: Int,
        _ configuration: ControllerManager.Configuration, real: TestCluster?
    ) {
        self.api = api
        self.real = real
        let manager = ControllerManager(
            cluster: api, servedTypes: types, logger: .quiet, now: { 1_800_000_000 }, configuration: configuration)
        let kubelet = HollowKubelet(api, nodes: nodes, workers: kubeletWorkers)
        tasks = [Task { await manager.run() }, Task { await kubelet.run() }]
    }

    deinit { for task in tasks { task.cancel() } }

    func stop() async {
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
        await real?.stop()
    }

    // MARK: - What tests ask

    func pods(_ namespace: String = "default") async throws -> [KubernetesObject] {
        try await api.list(.pods, namespace: namespace).items.filter { !$0.isBeingDeleted }
    }

    func perNode(_ namespace: String = "default") async throws -> [String: Int] {
        Dictionary(grouping: try await pods(namespace)) { $0.spec["nodeName"]?.string ?? "" }.mapValues(\.count)
    }

    func isRolledOut(_ name: String, replicas: Int, namespace: String = "default") async throws -> Bool {
        guard let object = try await api.find(.deployments, namespace: namespace, name: name) else { return false }
        let status = object.status
        return status["observedGeneration"]?.int == object.generation && status["replicas"]?.int ?? 0 == replicas
            && status["updatedReplicas"]?.int ?? 0 == replicas && status["availableReplicas"]?.int ?? 0 == replicas
    }

    func scale(_ name: String, to replicas: Int, namespace: String = "default") async throws {
        _ = try await api.merge(
            .deployments, namespace: namespace, name: name, ["spec": ["replicas": JSON(replicas)]])
        try await eventually("\(name) has \(replicas) replicas", within: .seconds(30)) {
            guard try await isRolledOut(name, replicas: replicas, namespace: namespace) else { return false }
            return try await pods(namespace).count == replicas
        }
    }

    func events(_ reason: String, namespace: String = "default") async throws -> [String] {
        try await api.list(.coreEvents, namespace: namespace).items
            .filter { $0.json["reason"]?.string == reason }.compactMap { $0.json["message"]?.string }
    }
}

enum FakeTypes {
    static let all: [ResourceType] = [
        .pods, .services, .endpoints, .configMaps, .serviceAccounts, .deployments, .replicaSets, .endpointSlices,
        .leases, .nodes, .namespaces, .coreEvents, .customResourceDefinitions,
    ]
}

/// Manifests that tests share.
enum Manifest {
    static func deployment(
        _ name: String, replicas: Int, image: String = "hello", namespace: String = "default",
        spreadOver key: String? = nil, _ more: JSON = [:]
    ) -> KubernetesObject {
        var podSpec: JSON = ["containers": [["name": "main", "image": .string(image)]]]
        if let key {
            podSpec["topologySpreadConstraints"] = [
                [
                    "maxSkew": 1, "topologyKey": .string(key), "whenUnsatisfiable": "DoNotSchedule",
                    "labelSelector": ["matchLabels": ["app": .string(name)]],
                ]
            ]
        }
        var spec: JSON = [
            "replicas": JSON(replicas), "selector": ["matchLabels": ["app": .string(name)]],
            "template": ["metadata": ["labels": ["app": .string(name)]], "spec": podSpec],
        ]
        spec.merge(more)
        return KubernetesObject(.deployments, name: name, namespace: namespace, ["spec": spec])
    }

    static func service(_ name: String, app: String, targetPort: JSON) -> KubernetesObject {
        KubernetesObject(
            .services, name: name, namespace: "default",
            ["spec": ["selector": ["app": .string(app)], "ports": [["port": 80, "targetPort": targetPort]]]])
    }
}
