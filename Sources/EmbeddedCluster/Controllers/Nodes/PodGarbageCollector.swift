import ClusterAPI
import JSONTree
import KubernetesModel
import Logging
import Synchronization

/// Deletes pods that nobody will ever end: those bound to nodes that do not exist, and unbound ones on their way out.
final class PodGarbageCollector: BuiltInController {
    private let context: ControllerContext
    private let grace: Duration
    private let nodes: Informer
    private let queue = WorkQueue<String>()
    /// Since when each missing node has been missing, on this process's own clock.
    private let missing = Mutex<[String: ContinuousClock.Instant]>([:])

    /// - Parameter grace: how long a node may be away before its pods go: it may be made again at once.
    init(_ context: ControllerContext, grace: Duration) {
        self.context = context
        self.grace = grace
        nodes = context.informers.informer(.nodes)
        nodes.onChange { [queue] change in
            if (change.new == nil) != (change.old == nil) { queue.add(change.key.name) }
        }
        context.pods.informer.onChange { [queue, nodes] change in
            guard let pod = change.new else { return }
            let node = pod.spec["nodeName"]?.string ?? ""
            if node.isEmpty ? pod.isBeingDeleted : nodes.get(name: node) == nil { queue.add(node) }
        }
    }

    func run() async {
        for informer in [nodes, context.pods.informer] {
            guard (try? await informer.waitForSync()) != nil else { return }
        }
        for node in context.pods.nodesInUse { queue.add(node) }
        await Controller("podgc", queue: queue, workers: 2, logger: context.logger) {
            [weak self] node in try await self?.reconcile(node) ?? .none
        }.run()
    }

    /// - Parameter node: empty for the pods that are not bound.
    private func reconcile(_ node: String) async throws -> Requeue {
        guard !node.isEmpty else {
            for pod in context.pods.informer.objects
            where pod.isBeingDeleted && pod.spec["nodeName"]?.string ?? "" == "" {
                try await context.cluster.deleteEnded(pod)
            }
            return .none
        }
        let pods = context.pods.pods(onNode: node)
        guard !pods.isEmpty, nodes.get(name: node) == nil else {
            missing.withLock { _ = $0.removeValue(forKey: node) }
            return .none
        }
        let since = missing.withLock { missing -> ContinuousClock.Instant in
            if let since = missing[node] { return since }
            missing[node] = .now
            return .now
        }
        let left = grace - since.duration(to: .now)
        guard left <= .zero else { return .after(left) }
        guard try await context.cluster.find(.nodes, name: node) == nil else { return .after(grace) }
        context.logger.info(
            "deleting pods of a node that is gone", metadata: ["node": "\(node)", "pods": "\(pods.count)"])
        // A conflict tells of a pod that is not what it was: looked at again.
        for pod in pods { try await context.cluster.deleteEnded(pod.object) }
        return .none
    }
}
