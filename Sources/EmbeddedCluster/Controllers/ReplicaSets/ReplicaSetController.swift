import ClusterAPI
import JSONTree
import KubernetesModel
import Scheduling

/// Keeps as many pods of each ReplicaSet, or of each object of another kind of replicator, as its spec wants.
///
/// Pods that ended, or that are being deleted, do not count: their replacements come at once. Surplus pods go so that the
/// pods that stay remain spread.
final class ReplicaSetController: BuiltInController {
    /// How long changes of pods are gathered before their ReplicaSet is looked at again: a thousand pods becoming ready
    /// cost some looks, not a thousand looks at a thousand pods.
    ///
    /// - Parameters:
    ///   - pods: how many the look is at: it takes a microsecond or two each, a fraction of this.
    ///   - isNew: whether a pod came, for which more may wait to be made; others only change the status.
    private static func gathering(_ pods: Int, isNew: Bool) -> Duration {
        .milliseconds(5) + .microseconds(isNew ? 25 : 100) * pods
    }
    /// How long an unmet expectation is left alone before the cluster itself is asked.
    private static let patience = Duration.seconds(1)

    private let kind: PodReplicator
    private let context: ControllerContext
    private let replicaSets: Informer
    private let nodes: Informer
    private let queue = WorkQueue<ObjectKey>()
    private let expectations = PodExpectations()
    private let announcer: Announcer
    private let claim: ObjectClaim

    init(_ context: ControllerContext, kind: PodReplicator = .replicaSet) {
        self.kind = kind
        self.context = context
        replicaSets = context.informers.informer(kind.type)
        nodes = context.informers.informer(.nodes)
        announcer = context.announcer(kind.component)
        claim = ObjectClaim(cluster: context.cluster, type: .pods)
        replicaSets.addIndex("namespace") { [$0.namespace] }
        replicaSets.onChange { [queue] in queue.add($0.key) }
        context.pods.informer.onChange { [weak self] in self?.podChanged($0) }
    }

    func run() async {
        guard (try? await replicaSets.waitForSync()) != nil, (try? await context.pods.informer.waitForSync()) != nil
        else { return }
        let controller = Controller(kind.type.kind.lowercased(), queue: queue, workers: 5, logger: context.logger) {
            [weak self] key in try await self?.reconcile(key) ?? .none
        }
        await withDiscardingTaskGroup { group in
            group.addTask { [announcer] in await announcer.run() }
            group.addTask { await controller.run() }
        }
    }

    private func podChanged(_ change: InformerChange) {
        var isOrphan = true
        for owner in Set([change.old?.controller, change.new?.controller].compactMap(\.self)) {
            isOrphan = false
            guard owner.kind == kind.type.kind else { continue }
            let key = ObjectKey(namespace: change.key.namespace, name: owner.name)
            let hasLeft = change.new.map { $0.isBeingDeleted && change.old?.isBeingDeleted != true } ?? true
            if hasLeft {
                queue.add(key)
            } else {
                let pods = context.pods.count(controlledBy: owner.uid)
                queue.add(key, after: Self.gathering(pods, isNew: change.old == nil))
            }
        }
        guard isOrphan, let pod = change.new else { return }
        for replicaSet in replicaSets.objects(index: "namespace", pod.namespace) {
            guard kind.selector(of: replicaSet)?.matches(pod) == true else { continue }
            queue.add(replicaSet.key)
        }
    }

    // MARK: - One ReplicaSet

    private func reconcile(_ key: ObjectKey) async throws -> Requeue {
        guard let replicaSet = replicaSets[key] else { return .none }
        guard let selector = kind.selector(of: replicaSet) else { return .none }
        let expectationsMet = expectations.areMet(by: replicaSet.uid) { context.pods[$0] }
        let pods = try await claimed(by: replicaSet, selector)
        var failure: (reason: String, message: String)?
        var problem: (any Error)?
        if expectationsMet, !replicaSet.isBeingDeleted {
            let active = pods.filter(\.isActive)
            switch ReplicaSetPlan.next(wanted: replicaSet.spec["replicas"]?.int ?? 1, active: active.count) {
            case .none: break
            case .create(let count):
                do { try await create(count, for: replicaSet) } catch {
                    failure = ("FailedCreate", "\(error)")
                    problem = error
                }
            case .delete(let count):
                do { try await delete(count, of: active, for: replicaSet) } catch {
                    failure = ("FailedDelete", "\(error)")
                    problem = error
                }
            }
        } else if !expectationsMet {
            failure = Conditions.find("ReplicaFailure", in: replicaSet.status["conditions"]).map {
                ($0["reason"]?.string ?? "", $0["message"]?.string ?? "")
            }
        }
        var status = ReplicaSetPlan.status(of: replicaSet, pods: pods, failure: failure, now: context.now())
        if !kind.countsTerminating { status["terminatingReplicas"] = nil }
        try await StatusWriter(cluster: context.cluster, type: kind.type).write(status, of: replicaSet)
        if let problem { throw problem }
        return try await requeue(replicaSet, pods, expectationsMet: expectationsMet)
    }

    private func requeue(_ replicaSet: KubernetesObject, _ pods: [PodFacts], expectationsMet: Bool) async throws
        -> Requeue
    {
        if !expectationsMet {
            try await expectations.settle(replicaSet.uid, olderThan: Self.patience) { key in
                try await context.cluster.find(.pods, namespace: key.namespace, name: key.name)
            }
            return .after(Self.patience)
        }
        let minReadySeconds = replicaSet.spec["minReadySeconds"]?.int ?? 0
        let wait = ReplicaSetPlan.secondsUntilAvailable(pods, minReadySeconds: minReadySeconds, now: context.now())
        return wait.map { .after(.seconds($0)) } ?? .none
    }

    /// The pods that the ReplicaSet manages, after taking over matching ones and giving up those that match no longer.
    private func claimed(by replicaSet: KubernetesObject, _ selector: LabelSelector) async throws -> [PodFacts] {
        let (namespace, isBeingDeleted) = (replicaSet.namespace, replicaSet.isBeingDeleted)
        let own = context.pods.pods(controlledBy: replicaSet.uid)
        var claimed: [PodFacts] = []
        claimed.reserveCapacity(own.count)
        var match = RepeatedMatch(selector)
        for pod in own where pod.namespace == namespace {
            if match.matches(pod.labels) {
                claimed.append(pod)
            } else if !isBeingDeleted, !pod.isBeingDeleted {
                try await claim.release(pod.object, from: replicaSet.uid)
            } else {
                claimed.append(pod)
            }
        }
        guard !isBeingDeleted else { return claimed }
        let orphans = context.pods.orphans(in: namespace).filter { $0.isActive && match.matches($0.labels) }
        guard !orphans.isEmpty else { return claimed }
        // The ReplicaSet may be gone already, its pods orphaned on purpose: only a live look tells.
        let live = try await context.cluster.find(
            kind.type, namespace: replicaSet.namespace, name: replicaSet.name)
        guard let live, live.uid == replicaSet.uid, !live.isBeingDeleted else { return claimed }
        for orphan in orphans {
            do {
                claimed.append(PodFacts(try await claim.adopt(orphan.object, by: replicaSet)))
            } catch let error as APIError where error.isNotFound {
                continue
            }
        }
        return claimed
    }

    // MARK: - Pods

    private func create(_ count: Int, for replicaSet: KubernetesObject) async throws {
        let pod = ReplicaSetPlan.pod(for: replicaSet)
        for batch in ReplicaSetPlan.batches(of: count) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<batch {
                    group.addTask { try await self.create(pod, for: replicaSet) }
                }
                // The whole batch is waited for, so that every pod that was made is expected.
                var failure: (any Error)?
                while let result = await group.nextResult() {
                    if case .failure(let error) = result { failure = failure ?? error }
                }
                if let failure { throw failure }
            }
        }
    }

    private func create(_ pod: KubernetesObject, for replicaSet: KubernetesObject) async throws {
        do {
            let created = try await context.cluster.create(.pods, pod)
            expectations.expectCreation(of: created, by: replicaSet.uid)
            announcer.tell(.normal, replicaSet, reason: "SuccessfulCreate", "Created pod: \(created.name)")
        } catch let error as APIError where error.causes.contains(where: { $0.reason == "NamespaceTerminating" }) {
            // Nothing can be made any more, and the ReplicaSet itself is about to go.
            return
        } catch {
            announcer.tell(.warning, replicaSet, reason: "FailedCreate", "Error creating: \(error)")
            throw error
        }
    }

    private func delete(_ count: Int, of active: [PodFacts], for replicaSet: KubernetesObject) async throws {
        let surplus = PodPlacement.surplus(
            of: active.map(\.object), among: context.pods.pods(in: replicaSet.namespace).map(\.object),
            node: { [nodes] in nodes.get(name: $0) }, count: count)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for pod in surplus { group.addTask { try await self.delete(pod, for: replicaSet) } }
            var failure: (any Error)?
            while let result = await group.nextResult() {
                if case .failure(let error) = result { failure = failure ?? error }
            }
            if let failure { throw failure }
        }
    }

    private func delete(_ pod: KubernetesObject, for replicaSet: KubernetesObject) async throws {
        do {
            try await context.cluster.delete(
                .pods, namespace: pod.namespace, name: pod.name, DeleteOptions(uid: pod.uid))
            expectations.expectDeletion(of: pod, by: replicaSet.uid)
            announcer.tell(.normal, replicaSet, reason: "SuccessfulDelete", "Deleted pod: \(pod.name)")
        } catch let error as APIError where error.isNotFound || error.isConflict {
            // Gone already, perhaps replaced by another of the name.
            expectations.expectDeletion(of: pod, by: replicaSet.uid)
        } catch {
            announcer.tell(.warning, replicaSet, reason: "FailedDelete", "Error deleting: \(error)")
            throw error
        }
    }
}
