import ClusterAPI
import JSONTree
import KubernetesModel

/// Runs the pods of each Job until enough have succeeded or too much has failed.
///
/// The Job and the pods that are counted are read from the cluster itself, not from the informers: a count must not be made
/// from what is old.
final class JobController: BuiltInController {
    enum Task: Hashable {
        case job(ObjectKey)
        /// A pod that a Job made and no Job manages any more.
        case abandoned(ObjectKey)
    }

    /// How long an unmet expectation is left alone before the cluster itself is asked.
    private static let patience = Duration.seconds(1)

    let context: ControllerContext
    let announcer: Announcer
    let expectations = PodExpectations()
    /// Seconds before the first replacement of a pod that failed. Kubernetes' 10 s.
    let failureDelay: Int
    let jobs: Informer
    private let queue = WorkQueue<Task>()

    init(_ context: ControllerContext, failureDelay: Int = 10) {
        self.context = context
        self.failureDelay = failureDelay
        jobs = context.informers.informer(.jobs)
        announcer = context.announcer("job-controller")
        jobs.onChange { [queue] in queue.add(.job($0.key)) }
        context.pods.informer.onChange { [weak self] in self?.podChanged($0) }
    }

    func run() async {
        guard (try? await jobs.waitForSync()) != nil, (try? await context.pods.informer.waitForSync()) != nil else {
            return
        }
        let controller = Controller("job", queue: queue, workers: 5, logger: context.logger) { [weak self] task in
            switch task {
            case .job(let key): try await self?.reconcile(key) ?? .none
            case .abandoned(let key): try await self?.release(abandoned: key) ?? .none
            }
        }
        await withDiscardingTaskGroup { group in
            group.addTask { [announcer] in await announcer.run() }
            group.addTask { await controller.run() }
        }
    }

    private func podChanged(_ change: InformerChange) {
        for owner in Set([change.old?.controller, change.new?.controller].compactMap(\.self)) where owner.kind == "Job"
        {
            queue.add(.job(ObjectKey(namespace: change.key.namespace, name: owner.name)))
        }
        if let pod = change.new, pod.controller == nil {
            for job in jobs(selecting: pod) { queue.add(.job(job.key)) }
        }
        guard let pod = change.new, JobTracking.isHeld(pod) else { return }
        if let owner = pod.controller {
            guard owner.kind == "Job", jobs.get(namespace: pod.namespace, name: owner.name)?.uid != owner.uid else {
                return
            }
        }
        queue.add(.abandoned(pod.key))
    }

    /// Lets a pod go whose Job is gone, for nobody else would.
    private func release(abandoned key: ObjectKey) async throws -> Requeue {
        guard let pod = try await context.cluster.find(.pods, namespace: key.namespace, name: key.name) else {
            return .none
        }
        if let owner = pod.controller {
            let job = try await context.cluster.find(.jobs, namespace: key.namespace, name: owner.name)
            guard owner.kind == "Job", job?.uid != owner.uid else { return .none }
        } else if !jobs(selecting: pod).isEmpty {
            // Its Job takes it over.
            return .none
        }
        try await release(pod)
        return .none
    }

    /// Takes the finalizer from a pod.
    func release(_ pod: KubernetesObject) async throws {
        guard JobTracking.isHeld(pod) else { return }
        let finalizers = pod.finalizers.filter { $0 != JobTracking.finalizer }
        do {
            _ = try await context.cluster.merge(
                .pods, namespace: pod.namespace, name: pod.name,
                [
                    "metadata": [
                        "uid": .string(pod.uid), "resourceVersion": .string(pod.resourceVersion),
                        "finalizers": finalizers.isEmpty ? .null : JSON(finalizers),
                    ]
                ])
        } catch let error as APIError where error.isNotFound {
            return
        }
    }

    // MARK: - One Job

    private func reconcile(_ key: ObjectKey) async throws -> Requeue {
        guard let job = try await context.cluster.find(.jobs, namespace: key.namespace, name: key.name) else {
            // Its pods follow one by one, as the collector comes to them.
            for pod in context.pods.pods(in: key.namespace)
            where pod.object.controller?.kind == "Job" && pod.object.controller?.name == key.name {
                if JobTracking.isHeld(pod.object) { queue.add(.abandoned(pod.object.key)) }
            }
            return .none
        }
        if JobSpec(job).isManagedElsewhere { return .none }
        let pods = try await claimed(by: job)
        if job.isBeingDeleted {
            for pod in pods where JobTracking.isHeld(pod.object) { try await release(pod.object) }
            return .none
        }
        let expectationsMet = expectations.areMet(by: job.uid) { context.pods[$0] }
        let round = JobRound(self, job, pods)
        let requeue = try await round.run(mayActOnPods: expectationsMet)
        guard !expectationsMet else { return requeue }
        try await expectations.settle(job.uid, olderThan: Self.patience) { key in
            try await context.cluster.find(.pods, namespace: key.namespace, name: key.name)
        }
        return .after(Self.patience)
    }
}
