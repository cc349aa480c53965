import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import Scheduling
import TestKit

@testable import Hub

/// The origin's own controllers and scheduler, as far as these runs need them.
final class Origin {
    /// What a user has asked for.
    struct Workload {
        let name: String
        let namespace: String
        /// Of a job, how many pods shall succeed.
        var count: Int
        let isJob: Bool
        /// Changes with each new version of the pods' labels.
        var revision = 0
    }

    let cluster = FakeCluster()
    private(set) var workloads: [String: Workload] = [:]
    private var pods = 0
    private var nodeless: [String: Duration] = [:]
    private let chance: Chance

    init(chance: Chance) { self.chance = chance }

    func want(_ workload: Workload) { workloads[workload.name] = workload }

    func pods(of workload: Workload) async throws -> [KubernetesObject] {
        try await cluster.list(
            .pods, namespace: workload.namespace, ListOptions(labelSelector: "app=\(workload.name)")
        ).items
    }

    /// Looks at everything once.
    func look(_ hub: Hub?, _ now: Duration) async throws {
        for name in workloads.keys.sorted() {
            if let workload = workloads[name] { try await keep(workload) }
        }
        let nodes = try await cluster.list(.nodes).items
        if let hub { try await schedule(hub, nodes) }
        try await collect(Set(nodes.map(\.name)), now)
    }

    private func keep(_ workload: Workload) async throws {
        let pods = try await pods(of: workload)
        let active = pods.filter { !$0.isBeingDeleted && !$0.isFinishedPod }
        let succeeded = pods.filter { $0.status["phase"] == "Succeeded" }.count
        let wanted = workload.isJob ? max(0, workload.count - succeeded) : workload.count
        for pod in pods where pod.isFinishedPod && !workload.isJob && !pod.isBeingDeleted {
            try await delete(pod)
        }
        if active.count < wanted { for _ in active.count..<wanted { try await create(workload) } }
        guard active.count > wanted, !workload.isJob else { return }
        for pod in active.suffix(active.count - wanted) { try await delete(pod) }
    }

    private func create(_ workload: Workload) async throws {
        pods += 1
        let container: JSON = ["name": "c", "image": "nginx"]
        let fields: JSON = [
            "metadata": ["labels": ["app": .string(workload.name)]],
            "spec": [
                "containers": [container], "restartPolicy": workload.isJob ? "Never" : "Always",
            ],
        ]
        _ = try await cluster.create(
            .pods,
            KubernetesObject(.pods, name: "\(workload.name)-\(pods)", namespace: workload.namespace, fields))
    }

    func delete(_ pod: KubernetesObject) async throws {
        try await cluster.deleteIfPresent(
            .pods, namespace: pod.namespace, name: pod.name, DeleteOptions(uid: pod.uid))
    }

    private func schedule(_ hub: Hub, _ nodes: [KubernetesObject]) async throws {
        for pod in try await cluster.list(.pods).items where pod.spec["nodeName"] == nil && !pod.isBeingDeleted {
            let selected = hub.context.plan(pod.namespace)?.selected ?? []
            let fitting = nodes.filter { node in
                guard let edge = hub.context.edges.edge(node: node.name), selected.contains(edge.name) else {
                    return false
                }
                return edge.state.takesPods && node.spec["unschedulable"]?.bool != true && !node.isBeingDeleted
            }
            guard let node = chance.pick(fitting) else { continue }
            _ = try await cluster.createSubresource(
                .pods, namespace: pod.namespace, name: pod.name, subresource: "binding",
                ["target": ["name": .string(node.name)]])
        }
    }

    /// Pods of nodes that are gone go after some seconds, as the pod garbage collector has it.
    private func collect(_ nodes: Set<String>, _ now: Duration) async throws {
        var still: [String: Duration] = [:]
        for pod in try await cluster.list(.pods).items {
            guard let node = pod.spec["nodeName"]?.string, !nodes.contains(node) else { continue }
            let since = nodeless[pod.uid] ?? now
            still[pod.uid] = since
            if now - since >= .seconds(5) { try await cluster.deleteEnded(pod) }
        }
        nodeless = still
    }
}
