import ClusterAPI
import JSONTree
import KubernetesModel
import Logging
import Synchronization

/// Notices local nodes whose agent has fallen silent, taints nodes that are not ready, and evicts pods that do not bear it.
///
/// Silence is measured on this process's own clock from the last change it saw itself: after a restart every node has the
/// whole grace period again. Virtual nodes are the hub's.
final class NodeLifecycleController: BuiltInController {
    private struct Sign: Hashable {
        let lease: String
        let heartbeat: String
    }

    private let context: ControllerContext
    private let silence: Duration
    private let nodes: Informer
    private let leases: Informer
    private let queue = WorkQueue<String>()
    private let announcer: Announcer
    private let signs = Mutex<[String: (sign: Sign, seen: ContinuousClock.Instant)]>([:])
    private static let leaseNamespace = "kube-node-lease"

    /// - Parameter silence: how long an agent may say nothing; several times the interval at which it renews its lease.
    init(_ context: ControllerContext, silence: Duration) {
        self.context = context
        self.silence = silence
        nodes = context.informers.informer(.nodes)
        leases = context.informers.informer(.leases)
        announcer = context.announcer("node-controller")
        nodes.onChange { [queue] in queue.add($0.key.name) }
        leases.onChange { [queue] change in
            if change.key.namespace == Self.leaseNamespace { queue.add(change.key.name) }
        }
        context.pods.informer.onChange { [queue] change in
            guard let node = change.new?.spec["nodeName"]?.string, change.old?.spec["nodeName"]?.string != node else {
                return
            }
            queue.add(node)
        }
    }

    func run() async {
        for informer in [nodes, leases, context.pods.informer] {
            guard (try? await informer.waitForSync()) != nil else { return }
        }
        let controller = Controller("node", queue: queue, workers: 2, logger: context.logger) {
            [weak self] name in try await self?.reconcile(name) ?? .none
        }
        await withDiscardingTaskGroup { group in
            group.addTask { [announcer] in await announcer.run() }
            group.addTask { await controller.run() }
        }
    }

    private func reconcile(_ name: String) async throws -> Requeue {
        guard var node = nodes.get(name: name) else {
            signs.withLock { _ = $0.removeValue(forKey: name) }
            return .none
        }
        guard !NodeHealth.isVirtual(node) else { return .none }
        var next = remaining(node)
        if next <= .zero {
            let ready = Conditions.find("Ready", in: node.status["conditions"])?["status"]?.string
            if ready != "Unknown" {
                context.logger.warning("a node's agent has fallen silent", metadata: ["node": "\(name)"])
                announcer.tell(
                    .normal, node, reason: "NodeNotReady", "Node \(name) status is now: NodeNotReady")
            }
            node = try await StatusWriter(cluster: context.cluster, type: .nodes).write(
                NodeHealth.silentStatus(node, now: context.now()), of: node)
            next = silence
        }
        let taints = NodeHealth.taints(of: node, now: context.now())
        if taints != node.spec["taints"]?.array ?? [] {
            node.json["spec", "taints"] = taints.isEmpty ? nil : .array(taints)
            node = try await context.cluster.update(.nodes, node)
        }
        if Conditions.find("Ready", in: node.status["conditions"])?["status"]?.string != "True" {
            try await markPodsNotReady(on: name)
        }
        let eviction = try await evict(from: name, taints)
        return .after(min(next, eviction ?? next))
    }

    /// How long the node's agent may still be silent.
    private func remaining(_ node: KubernetesObject) -> Duration {
        let lease = leases.get(namespace: Self.leaseNamespace, name: node.name)
        let ready = Conditions.find("Ready", in: node.status["conditions"])
        // A status that these controllers wrote themselves is no sign of life, and it keeps the old heartbeat.
        let sign = Sign(
            lease: lease?.spec["renewTime"]?.string ?? "", heartbeat: ready?["lastHeartbeatTime"]?.string ?? "")
        let now = ContinuousClock.now
        let seen = signs.withLock { signs -> ContinuousClock.Instant in
            if let known = signs[node.name], known.sign == sign { return known.seen }
            signs[node.name] = (sign, now)
            return now
        }
        return silence - seen.duration(to: now)
    }

    /// Takes pods on a node that is not ready off their Services.
    private func markPodsNotReady(on node: String) async throws {
        let writer = StatusWriter(cluster: context.cluster, type: .pods)
        for pod in context.pods.pods(onNode: node) where pod.isReady {
            var status = pod.object.status
            var conditions = status["conditions"]
            Conditions.set(
                "Ready", status: "False", reason: "NodeNotReady", message: "", now: context.now(), in: &conditions)
            status["conditions"] = conditions
            try await writer.write(status, of: pod.object)
        }
    }

    /// - Returns: when the next pod is to go.
    private func evict(from node: String, _ taints: [JSON]) async throws -> Duration? {
        guard taints.contains(where: { Taint($0)?.effect == .noExecute }) else { return nil }
        let now = context.now()
        var next: Int?
        for pod in context.pods.pods(onNode: node) where pod.isActive {
            guard let time = NodeHealth.evictionTime(of: pod.object, taints: taints, now: now) else { continue }
            guard time <= now else {
                next = min(next ?? time, time)
                continue
            }
            announcer.tell(
                .normal, pod.object, reason: "TaintManagerEviction", "Marking for deletion Pod \(pod.object.key)")
            try await context.cluster.deleteIfPresent(
                .pods, namespace: pod.object.namespace, name: pod.object.name, DeleteOptions(uid: pod.object.uid))
        }
        return next.map { .seconds(max(1, $0 - now)) }
    }
}
