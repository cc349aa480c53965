import ClusterAPI
import JSONTree
import KubernetesModel

/// Rolls Deployments out: one ReplicaSet a pod template, scaled step by step as `RolloutPlan` says.
final class DeploymentController: BuiltInController {
    /// How long changes are gathered before a Deployment is looked at again.
    private static let gathering = Duration.milliseconds(5)
    private static let byOwner = "owner"

    private let context: ControllerContext
    private let deployments: Informer
    private let replicaSets: Informer
    private let queue = WorkQueue<ObjectKey>()
    private let announcer: Announcer

    init(_ context: ControllerContext) {
        self.context = context
        deployments = context.informers.informer(.deployments)
        replicaSets = context.informers.informer(.replicaSets)
        announcer = context.announcer("deployment-controller")
        replicaSets.addIndex(Self.byOwner) { [$0.controller?.uid ?? "nobody/\($0.namespace)"] }
        deployments.onChange { [queue] in queue.add($0.key) }
        replicaSets.onChange { [weak self] in self?.replicaSetChanged($0) }
        // Only Recreate waits for pods, and for their going.
        context.pods.informer.onChange { [weak self] change in
            if context.pods[change.key]?.isFinished ?? true { self?.podLeft(change) }
        }
    }

    func run() async {
        for informer in [deployments, replicaSets, context.pods.informer] {
            guard (try? await informer.waitForSync()) != nil else { return }
        }
        let controller = Controller("deployment", queue: queue, workers: 5, logger: context.logger) {
            [weak self] key in try await self?.reconcile(key) ?? .none
        }
        await withDiscardingTaskGroup { group in
            group.addTask { [announcer] in await announcer.run() }
            group.addTask { await controller.run() }
        }
    }

    private func replicaSetChanged(_ change: InformerChange) {
        let owners = Set([change.old?.controller, change.new?.controller].compactMap(\.self))
        for owner in owners where owner.kind == "Deployment" {
            queue.add(ObjectKey(namespace: change.key.namespace, name: owner.name), after: Self.gathering)
        }
        guard owners.isEmpty, let new = change.new else { return }
        for deployment in deployments.objects where deployment.namespace == new.namespace {
            if selector(of: deployment)?.matches(new) == true { queue.add(deployment.key) }
        }
    }

    private func podLeft(_ change: InformerChange) {
        guard let owner = change.object.controller, owner.kind == "ReplicaSet",
            let replicaSet = replicaSets.get(namespace: change.key.namespace, name: owner.name),
            let deployment = replicaSet.controller, deployment.kind == "Deployment"
        else { return }
        queue.add(ObjectKey(namespace: change.key.namespace, name: deployment.name), after: Self.gathering)
    }

    private func selector(of deployment: KubernetesObject) -> LabelSelector? {
        guard let selector = try? LabelSelector(deployment.spec["selector"] ?? .null), !selector.isEmpty else {
            return nil
        }
        return selector
    }

    // MARK: - One Deployment

    private func reconcile(_ key: ObjectKey) async throws -> Requeue {
        guard let deployment = deployments[key], let selector = selector(of: deployment) else { return .none }
        var rollout = Rollout(
            context: context, announcer: announcer, deployment: deployment,
            replicaSets: try await claimed(by: deployment, selector))
        if !deployment.isBeingDeleted { try await rollout.advance(hasOldPods: hasPods) }
        return try await rollout.storeStatus()
    }

    /// Whether the ReplicaSet has pods that run or may run.
    private func hasPods(_ replicaSet: KubernetesObject) -> Bool {
        context.pods.pods(controlledBy: replicaSet.uid).contains { !$0.isFinished }
    }

    /// The ReplicaSets of the Deployment, after taking over matching ones and giving up those that match no longer.
    private func claimed(by deployment: KubernetesObject, _ selector: LabelSelector) async throws
        -> [KubernetesObject]
    {
        let claim = ObjectClaim(cluster: context.cluster, type: .replicaSets)
        var claimed: [KubernetesObject] = []
        for replicaSet in replicaSets.objects(index: Self.byOwner, deployment.uid) {
            if deployment.isBeingDeleted || replicaSet.isBeingDeleted || selector.matches(replicaSet) {
                claimed.append(replicaSet)
            } else {
                try await claim.release(replicaSet, from: deployment.uid)
            }
        }
        guard !deployment.isBeingDeleted else { return claimed }
        let orphans = replicaSets.objects(index: Self.byOwner, "nobody/\(deployment.namespace)")
            .filter { !$0.isBeingDeleted && selector.matches($0) }
        guard !orphans.isEmpty else { return claimed }
        let live = try await context.cluster.find(
            .deployments, namespace: deployment.namespace, name: deployment.name)
        guard let live, live.uid == deployment.uid, !live.isBeingDeleted else { return claimed }
        for orphan in orphans { claimed.append(try await claim.adopt(orphan, by: deployment)) }
        return claimed
    }
}
