import ClusterAPI
import JSONTree
import KubernetesModel

/// Keeps the status of every PodDisruptionBudget at what its pods are, so that evictions can be allowed or refused by it.
final class DisruptionController: BuiltInController {
    /// How long changes of pods are gathered before their budgets are looked at again.
    private static let gathering = Duration.milliseconds(20)

    private let context: ControllerContext
    private let budgets: Informer
    private let replicaSets: Informer
    private let deployments: Informer
    private let replicationControllers: Informer
    private let queue = WorkQueue<ObjectKey>()
    private static let byNamespace = "namespace"

    init(_ context: ControllerContext) {
        self.context = context
        budgets = context.informers.informer(.podDisruptionBudgets)
        replicaSets = context.informers.informer(.replicaSets)
        deployments = context.informers.informer(.deployments)
        replicationControllers = context.informers.informer(.replicationControllers)
        budgets.addIndex(Self.byNamespace) { [$0.namespace] }
        budgets.onChange { [queue] in queue.add($0.key) }
        context.pods.informer.onChange { [weak self] change in
            self?.enqueue(change.key.namespace) { selector in
                [change.old, change.new].compactMap(\.self).contains(where: selector.matches)
            }
        }
        for informer in [replicaSets, deployments, replicationControllers] {
            informer.onChange { [weak self] change in
                guard change.old?.spec["replicas"] != change.new?.spec["replicas"] else { return }
                self?.enqueue(change.key.namespace) { _ in true }
            }
        }
    }

    func run() async {
        for informer in [budgets, replicaSets, deployments, replicationControllers, context.pods.informer] {
            guard (try? await informer.waitForSync()) != nil else { return }
        }
        await Controller("disruption", queue: queue, workers: 2, logger: context.logger) { [weak self] key in
            try await self?.reconcile(key) ?? .none
        }.run()
    }

    private func enqueue(_ namespace: String, where isMeant: (LabelSelector) -> Bool) {
        for budget in budgets.objects(index: Self.byNamespace, namespace) {
            guard let selector = Self.selector(of: budget), isMeant(selector) else { continue }
            queue.add(budget.key, after: Self.gathering)
        }
    }

    /// - Returns: `nil` for a budget without a selector, which selects nothing; an empty selector selects all.
    private static func selector(of budget: KubernetesObject) -> LabelSelector? {
        budget.spec["selector"].flatMap { try? LabelSelector($0) }
    }

    private func reconcile(_ key: ObjectKey) async throws -> Requeue {
        // Read from the cluster itself: an eviction counts in the status as well.
        guard
            let budget = try await context.cluster.find(
                .podDisruptionBudgets, namespace: key.namespace, name: key.name), !budget.isBeingDeleted
        else { return .none }
        let selector = Self.selector(of: budget)
        let pods = context.pods.pods(in: key.namespace).filter { selector?.matches($0.object) ?? false }
        let now = context.now()
        let plan = DisruptionPlan(budget, pods: pods, scales: scales(of: pods), now: now)
        let status = plan.status(now: now)
        if status != budget.json["status"] {
            var changed = budget
            changed.json["status"] = status
            do {
                _ = try await context.cluster.updateStatus(.podDisruptionBudgets, changed)
            } catch let error as APIError where error.isNotFound {
                return .none
            }
        }
        return plan.secondsUntilNextChange.map { .after(.seconds($0)) } ?? .none
    }

    /// How many replicas each manager of these pods wants. Pods without one, or with one that has no replicas, do not count.
    private func scales(of pods: [PodFacts]) -> [Int] {
        var wanted: [String: Int] = [:]
        for pod in pods {
            guard let owner = pod.object.controller,
                let managers = [
                    "ReplicaSet": replicaSets, "ReplicationController": replicationControllers,
                ][owner.kind],
                let replicaSet = managers.get(namespace: pod.object.namespace, name: owner.name),
                replicaSet.uid == owner.uid
            else { continue }
            let manager = replicaSet.controller.flatMap { owner -> KubernetesObject? in
                let found = deployments.get(namespace: replicaSet.namespace, name: owner.name)
                return found?.uid == owner.uid ? found : nil
            }
            let scaled = manager ?? replicaSet
            wanted[scaled.uid] = scaled.spec["replicas"]?.int ?? 1
        }
        return Array(wanted.values)
    }
}
