import ClusterAPI
import JSONTree
import KubernetesModel

/// One look at one Job: counts what has ended, decides, acts on pods, writes the status.
///
/// Used once, by one task.
final class JobRound {
    private static let limitReached = "Job has reached the specified backoff limit"
    private static let tooLong = "Job was active longer than specified deadline"
    private static let done = "Reached expected number of succeeded pods"
    /// The most pods made in one round.
    private static let burst = 500

    /// Each index's latest failed pod, where failures count by index.
    private var latestFailures: [Int: PodFacts] = [:]

    private let controller: JobController
    private var job: KubernetesObject
    private let spec: JobSpec
    private var pods: [PodFacts]
    private var status: JobStatus
    private let now: Int

    init(_ controller: JobController, _ job: KubernetesObject, _ pods: [PodFacts]) {
        self.controller = controller
        self.job = job
        self.pods = pods
        spec = JobSpec(job)
        status = JobStatus(job, spec)
        now = controller.context.now()
    }

    private var context: ControllerContext { controller.context }
    private var active: [PodFacts] { pods.filter(\.isActive) }

    /// - Parameter mayActOnPods: whether all that was done to pods before has been seen.
    func run(mayActOnPods: Bool) async throws -> Requeue {
        if status.isFinished {
            for pod in pods where JobTracking.isHeld(pod.object) { try await controller.release(pod.object) }
            return try await expire()
        }
        if status.startTime == nil, !spec.isSuspended { status.startTime = Timestamp.text(now) }
        noteFailedIndexes()
        try await count()
        var requeue = Requeue.none
        if let ending = ending() {
            status.set(ending.interim, reason: ending.reason, message: ending.message, now: now)
            if mayActOnPods { try await delete(active, countsAsFailure: ending.isFailure) }
            refreshCounts()
            if active.isEmpty, status.terminating == 0 { finish(ending) }
        } else {
            suspendOrResume()
            if mayActOnPods { requeue = try await manage() }
            refreshCounts()
            if let deadline = secondsToDeadline, !spec.isSuspended {
                requeue = requeue.orSooner(.after(.seconds(max(deadline, 1))))
            }
        }
        try await write()
        if status.isFinished { return try await expire() }
        return requeue
    }

    // MARK: - Counting

    /// Gives up the indexes that have failed too often.
    private func noteFailedIndexes() {
        guard let limit = spec.backoffLimitPerIndex, let completions = spec.completions else { return }
        let failed = pods.filter { JobTracking.outcome(of: $0, spec) == .failed }
        latestFailures = IndexFailures.latest(failed)
        for pod in failed where IndexFailures.isFinal(pod.object, limit: limit, spec.failurePolicy) {
            guard let index = JobIndexes.index(of: pod.object), index < completions else { continue }
            status.failedIndexes?.insert(index)
        }
    }

    /// Whether a failed pod is still needed, to tell its successor how often the index has failed.
    private func isAwaitingSuccessor(_ pod: PodFacts) -> Bool {
        guard ending() == nil, let index = JobIndexes.index(of: pod.object),
            latestFailures[index]?.object.uid == pod.object.uid
        else { return false }
        return status.failedIndexes?.values.contains(index) == false
            && !active.contains { JobIndexes.index(of: $0.object) == index }
    }

    /// Counts the pods that have ended since the last round.
    private func count() async throws {
        var ended: [KubernetesObject] = []
        for pod in pods where JobTracking.isHeld(pod.object) && JobTracking.outcome(of: pod, spec) != nil {
            if isAwaitingSuccessor(pod) { continue }
            let key = pod.object.key
            // What the informer shows may be let go and counted already.
            guard let live = try await context.cluster.find(.pods, namespace: key.namespace, name: key.name),
                live.uid == pod.object.uid, JobTracking.isHeld(live),
                let outcome = JobTracking.outcome(of: PodFacts(live), spec)
            else { continue }
            note(live, outcome)
            ended.append(live)
        }
        if !ended.isEmpty { try await write() }
        for pod in ended { try await controller.release(pod) }
        status.countReleased()
    }

    private func note(_ pod: KubernetesObject, _ outcome: JobTracking.Outcome) {
        guard !status.uncountedSucceeded.contains(pod.uid), !status.uncountedFailed.contains(pod.uid) else { return }
        switch outcome {
        case .failed where spec.failurePolicy?.verdict(on: pod).isCounted == false: return
        case .failed: status.uncountedFailed.append(pod.uid)
        case .succeeded where spec.isIndexed:
            guard let index = JobIndexes.index(of: pod), index < spec.completions ?? 0 else { return }
            status.completedIndexes.insert(index)
        case .succeeded: status.uncountedSucceeded.append(pod.uid)
        }
    }

    private func refreshCounts() {
        status.active = active.count
        status.ready = active.count(where: \.isReady)
        status.terminating = pods.count(where: \.isTerminating)
    }

    private func write() async throws {
        let json = status.json
        guard json != job.json["status"] else { return }
        job.json["status"] = json
        job = try await context.cluster.updateStatus(.jobs, job)
    }

    // MARK: - The end

    private struct Ending {
        let isFailure: Bool
        let reason: String
        let message: String
        var interim: String { isFailure ? "FailureTarget" : "SuccessCriteriaMet" }
    }

    /// Why the Job is about to end; `nil` while it goes on.
    private func ending() -> Ending? {
        for (type, isFailure) in [("FailureTarget", true), ("SuccessCriteriaMet", false)] where status.has(type) {
            let known = status.condition(type)
            return Ending(
                isFailure: isFailure, reason: known?["reason"]?.string ?? "", message: known?["message"]?.string ?? "")
        }
        if let message = failingVerdict {
            return Ending(isFailure: true, reason: "PodFailurePolicy", message: message)
        }
        if hasFailedTooOften {
            return Ending(isFailure: true, reason: "BackoffLimitExceeded", message: Self.limitReached)
        }
        if !spec.isSuspended, let seconds = secondsToDeadline, seconds <= 0 {
            return Ending(isFailure: true, reason: "DeadlineExceeded", message: Self.tooLong)
        }
        if let ending = endingByIndexes { return ending }
        if spec.isComplete(succeeded: status.totalSucceeded, active: active.count) {
            return Ending(isFailure: false, reason: "CompletionsReached", message: Self.done)
        }
        return nil
    }

    /// What the policy says of a pod whose failure is the Job's.
    private var failingVerdict: String? {
        guard let policy = spec.failurePolicy else { return nil }
        for pod in pods where JobTracking.outcome(of: pod, spec) == .failed {
            let verdict = policy.verdict(on: pod.object)
            if verdict.action == .failJob { return verdict.message }
        }
        return nil
    }

    private var endingByIndexes: Ending? {
        guard spec.isIndexed, let completions = spec.completions else { return nil }
        let done = status.completedIndexes
        if let failed = status.failedIndexes?.values.count, failed > 0 {
            if let most = spec.maxFailedIndexes, failed > most {
                return Ending(
                    isFailure: true, reason: "MaxFailedIndexesExceeded",
                    message: "Job has exceeded the specified maximal number of failed indexes")
            }
            if failed + done.values.count >= completions {
                return Ending(isFailure: true, reason: "FailedIndexes", message: "Job has failed indexes")
            }
        }
        return spec.successPolicy?.message(succeeded: done, completions: completions).map {
            Ending(isFailure: false, reason: "SuccessPolicy", message: $0)
        }
    }

    private var hasFailedTooOften: Bool {
        if status.totalFailed > spec.backoffLimit { return true }
        guard spec.restartsContainers else { return false }
        let restarts = JobTracking.restarts(pods)
        return spec.backoffLimit == 0 ? restarts > 0 : restarts >= spec.backoffLimit
    }

    private var secondsToDeadline: Int? {
        guard let limit = spec.activeDeadlineSeconds, let start = status.startTime.flatMap(Timestamp.seconds) else {
            return nil
        }
        return start + limit - now
    }

    private func finish(_ ending: Ending) {
        status.set(
            ending.isFailure ? "Failed" : "Complete", reason: ending.reason, message: ending.message, now: now)
        if ending.isFailure {
            controller.announcer.tell(.warning, job, reason: ending.reason, ending.message)
        } else {
            status.completionTime = Timestamp.text(now)
            controller.announcer.tell(.normal, job, reason: "Completed", "Job completed")
        }
        controller.expectations.forget(job.uid)
    }

    /// Deletes the Job where it has been kept long enough after its end.
    private func expire() async throws -> Requeue {
        guard let keep = spec.ttlSecondsAfterFinished else { return .none }
        let end = (status.condition("Complete") ?? status.condition("Failed"))?["lastTransitionTime"]?.string
        guard let end = end.flatMap(Timestamp.seconds) else { return .none }
        let rest = end + keep - context.now()
        guard rest <= 0 else { return .after(.seconds(rest)) }
        try await context.cluster.deleteIfPresent(
            .jobs, namespace: job.namespace, name: job.name,
            DeleteOptions(propagation: .foreground, uid: job.uid))
        return .none
    }

    // MARK: - Pods

    private func suspendOrResume() {
        if spec.isSuspended {
            if status.set("Suspended", reason: "JobSuspended", message: "Job suspended", now: now) {
                controller.announcer.tell(.normal, job, reason: "Suspended", "Job suspended")
            }
        } else if status.has("Suspended") {
            status.set("Suspended", false, reason: "JobResumed", message: "Job resumed", now: now)
            status.startTime = Timestamp.text(now)
            controller.announcer.tell(.normal, job, reason: "Resumed", "Job resumed")
        }
    }

    /// Makes and deletes pods until as many are active as wanted.
    private func manage() async throws -> Requeue {
        let active = active
        guard !spec.isSuspended else {
            try await delete(active, countsAsFailure: false)
            return .none
        }
        let wanted = spec.wantedActive(
            succeeded: status.totalSucceeded, givenUp: status.failedIndexes?.values.count ?? 0, active: active.count)
        if active.count > wanted {
            // Those that have not come far go first.
            let order = active.sorted { !$0.isReady && $1.isReady }
            try await delete(Array(order.prefix(active.count - wanted)), countsAsFailure: false)
            return .none
        }
        let waiting = spec.replacesOnlyFailed ? pods.count(where: \.isTerminating) : 0
        let missing = min(wanted - active.count - waiting, Self.burst)
        guard missing > 0 else { return .none }
        if spec.backoffLimitPerIndex != nil { return try await createByIndex(missing) }
        let delay = JobTracking.delay(after: pods, spec, now: now, base: controller.failureDelay)
        guard delay == 0 else { return .after(.seconds(delay)) }
        var indexes: [Int?] = Array(repeating: nil, count: missing)
        if spec.isIndexed { indexes = freeIndexes(missing) }
        try await create(indexes)
        return .none
    }

    /// The lowest indexes that are neither done nor given up nor being worked on.
    private func freeIndexes(_ count: Int) -> [Int] {
        let waiting = spec.replacesOnlyFailed ? pods.filter(\.isTerminating) : []
        var busy = Set((active + waiting).compactMap { JobIndexes.index(of: $0.object) })
        busy.formUnion(status.failedIndexes?.values ?? [])
        return status.completedIndexes.missing(count, below: spec.completions ?? 0, active: busy)
    }

    /// Makes pods for indexes, each of which waits after its own failures only.
    private func createByIndex(_ count: Int) async throws -> Requeue {
        var ready: [Int] = []
        var requeue = Requeue.none
        for index in freeIndexes(Int.max) {
            guard ready.count < count else { break }
            let delay = JobTracking.delay(
                after: latestFailures[index].map { [$0] } ?? [], spec, now: now,
                base: controller.failureDelay
                    << min(latestFailures[index].map { IndexFailures.count($0.object) } ?? 0, 10))
            if delay == 0 { ready.append(index) } else { requeue = requeue.orSooner(.after(.seconds(delay))) }
        }
        if !ready.isEmpty { try await create(ready) }
        return requeue
    }

    private func create(_ indexes: [Int?]) async throws {
        let controller = self.controller
        let job = self.job
        var rest = indexes[...]
        for size in ReplicaSetPlan.batches(of: indexes.count) {
            let batch = rest.prefix(size).map { index in
                let isCounted = spec.backoffLimitPerIndex != nil
                return JobTemplate.pod(
                    for: job, index: index,
                    failures: isCounted
                        ? IndexFailures.annotations(after: index.flatMap { latestFailures[$0] }, spec.failurePolicy)
                        : [:])
            }
            rest = rest.dropFirst(size)
            let made = try await withThrowingTaskGroup(of: KubernetesObject?.self) { group in
                for pod in batch { group.addTask { try await controller.create(pod, for: job) } }
                // The whole batch is waited for, so that every pod that was made is expected.
                var made: [KubernetesObject] = []
                var failure: (any Error)?
                while let result = await group.nextResult() {
                    switch result {
                    case .success(let pod): if let pod { made.append(pod) }
                    case .failure(let error): failure = failure ?? error
                    }
                }
                if let failure { throw failure }
                return made
            }
            pods += made.map(PodFacts.init)
        }
    }

    /// - Parameter countsAsFailure: otherwise the pods are let go before, and nobody counts them.
    private func delete(_ victims: [PodFacts], countsAsFailure: Bool) async throws {
        for pod in victims {
            let object = pod.object
            if !countsAsFailure { try await controller.release(object) }
            try await controller.delete(object, for: job)
            pods.removeAll { $0.object.uid == object.uid }
            var going = object
            going.json["metadata", "deletionTimestamp"] = .string(Timestamp.text(now))
            // What is not bound is gone at once; whether it is shows with its next change.
            if !pod.node.isEmpty || countsAsFailure { pods.append(PodFacts(going)) }
        }
    }
}

extension JobController {
    /// - Returns: `nil` where nothing can be made any more because the namespace is going.
    fileprivate func create(_ pod: KubernetesObject, for job: KubernetesObject) async throws -> KubernetesObject? {
        do {
            let created = try await context.cluster.create(.pods, pod)
            expectations.expectCreation(of: created, by: job.uid)
            announcer.tell(.normal, job, reason: "SuccessfulCreate", "Created pod: \(created.name)")
            return created
        } catch let error as APIError where error.causes.contains(where: { $0.reason == "NamespaceTerminating" }) {
            return nil
        } catch {
            announcer.tell(.warning, job, reason: "FailedCreate", "Error creating: \(error)")
            throw error
        }
    }

    fileprivate func delete(_ pod: KubernetesObject, for job: KubernetesObject) async throws {
        do {
            try await context.cluster.delete(
                .pods, namespace: pod.namespace, name: pod.name, DeleteOptions(uid: pod.uid))
            expectations.expectDeletion(of: pod, by: job.uid)
            announcer.tell(.normal, job, reason: "SuccessfulDelete", "Deleted pod: \(pod.name)")
        } catch let error as APIError where error.isNotFound || error.isConflict {
            expectations.expectDeletion(of: pod, by: job.uid)
        } catch {
            announcer.tell(.warning, job, reason: "FailedDelete", "Error deleting: \(error)")
            throw error
        }
    }
}
