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
        /// Whether a Deployment's ReplicaSet has the pods and the hub's scheduler places them: they may be moved.
        var isReplicated = false
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
            guard let workload = workloads[name] else { continue }
            try await workload.isReplicated ? keepReplicas(workload) : keep(workload)
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

    func nextPodName(_ workload: Workload) -> String {
        pods += 1
        return "\(workload.name)-\(pods)"
    }

    private func create(_ workload: Workload) async throws {
        let container: JSON = ["name": "c", "image": "nginx"]
        let fields: JSON = [
            "metadata": ["labels": ["app": .string(workload.name)]],
            "spec": [
                "containers": [container], "restartPolicy": workload.isJob ? "Never" : "Always",
            ],
        ]
        try await admit(
            KubernetesObject(.pods, name: nextPodName(workload), namespace: workload.namespace, fields))
    }

    /// Makes a pod, by way of the hub's webhook.
    func admit(_ pod: KubernetesObject) async throws {
        var pod = pod
        try await OffloadedPodAdmission(cluster).admit(&pod, namespace: pod.namespace)
        _ = try await cluster.create(.pods, pod)
    }

    func delete(_ pod: KubernetesObject) async throws {
        try await cluster.deleteIfPresent(
            .pods, namespace: pod.namespace, name: pod.name, DeleteOptions(uid: pod.uid))
    }

    private func schedule(_ hub: Hub, _ nodes: [KubernetesObject]) async throws {
        for pod in try await cluster.list(.pods).items where pod.spec["nodeName"] == nil && !pod.isBeingDeleted {
            guard let node = try await choose(pod, hub, nodes) else { continue }
            _ = try await cluster.createSubresource(
                .pods, namespace: pod.namespace, name: pod.name, subresource: "binding",
                ["target": ["name": .string(node)]])
        }
    }

    private func choose(_ pod: KubernetesObject, _ hub: Hub, _ nodes: [KubernetesObject]) async throws -> String? {
        let selected = hub.context.plan(pod.namespace)?.selected ?? []
        if pod.label("app").flatMap({ workloads[$0] })?.isReplicated == true {
            return selected.isEmpty ? nil : try decide(pod, hub, nodes, try await cluster.list(.pods).items)
        }
        let fitting = nodes.filter { node in
            guard let edge = hub.context.edges.edge(node: node.name), selected.contains(edge.name) else {
                return false
            }
            return edge.state.takesPods && node.spec["unschedulable"]?.bool != true && !node.isBeingDeleted
        }
        return chance.pick(fitting)?.name
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
