import ClusterAPI
import Digests
import Glibc
import JSONTree
import KubernetesModel
import Logging
import PodRecords

/// Brings one pod after another to where the cluster wants it, and its status to the cluster.
actor PodWorker {
    private let cluster: any ClusterAPI
    private let runtime: any PodRuntime
    private let configuration: NodeAgentConfiguration
    private let logger: Logger
    private let recorder: EventRecorder
    /// Events wait here, so that no pod waits for them; beyond the bound the newest are dropped.
    private let events: AsyncStream<(KubernetesObject, PodEvents.Event)>
    private let tell: AsyncStream<(KubernetesObject, PodEvents.Event)>.Continuation

    /// What was told about each pod last.
    private var told: [String: PodRuntimeStatus] = [:]
    /// The result of the last write of a pod's status, and the version it was made from: newer than the copy while that
    /// has not moved.
    private var written: [String: (base: String, result: KubernetesObject)] = [:]
    private var stopping: Set<String> = []
    /// The pods the runtime has, by name: mostly one each, two while a new one waits for the old one's end.
    private var uids: [ObjectKey: Set<String>] = [:]

    init(cluster: any ClusterAPI, runtime: any PodRuntime, configuration: NodeAgentConfiguration, logger: Logger) {
        self.cluster = cluster
        self.runtime = runtime
        self.configuration = configuration
        self.logger = logger
        recorder = EventRecorder(
            cluster, component: "kubelet", host: configuration.nodes.first?.name ?? "", now: { time(nil) },
            logger: logger)
        (events, tell) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(10_000))
    }

    /// Writes events until the task is cancelled.
    func run() async {
        for await (pod, event) in events {
            await recorder.record(event.severity, pod, reason: event.reason, event.message, fieldPath: event.fieldPath)
        }
    }

    /// Takes pods of an earlier run as told already.
    func adopt(_ known: [PodRuntimeStatus]) {
        for status in known {
            told[status.uid] = status
            uids[ObjectKey(namespace: status.namespace, name: status.name), default: []].insert(status.uid)
        }
    }

    /// - Parameter pod: `nil` where the cluster has no such pod on our nodes.
    func reconcile(_ key: ObjectKey, pod: KubernetesObject?) async throws -> Requeue {
        var requeue = Requeue.none
        // Another uid is another pod: the one that had the name before.
        for uid in uids[key] ?? [] where uid != pod?.uid {
            if let status = await runtime.status(uid: uid) {
                requeue = try await end(orphan: status)
            } else {
                forget(uid, key)
            }
        }
        guard let pod else { return requeue }
        if pod.isBeingDeleted { return try await delete(pod) }
        if pod.isFinishedPod { return requeue }
        let next = try await keepRunning(pod)
        return requeue == .none ? next : requeue
    }

    // MARK: - Running

    private func keepRunning(_ pod: KubernetesObject) async throws -> Requeue {
        var failure: (any Error)?
        uids[pod.key, default: []].insert(pod.uid)
        var refresh = Requeue.none
        if await !needsStart(pod.uid) {
            refresh = try await updateVolumes(of: pod)
        } else {
            do {
                try await runtime.ensure(PodRequest(pod, values: try await values(for: pod)))
            } catch let error as PodRuntimeError {
                failure = error
            }
        }
        guard let status = await runtime.status(uid: pod.uid) else {
            if let failure { throw failure }
            return .none
        }
        report(pod, status)
        let left = Self.secondsToDeadline(pod)
        if let left, left <= 0 {
            try await endOverdue(pod, status)
            return .none
        }
        try await write(pod, status)
        if let failure { throw failure }
        if let left { refresh = refresh.orSooner(.after(.seconds(left))) }
        return status.phase == .active && !status.isSupervised ? .after(configuration.retryInterval) : refresh
    }

    /// Seconds until the pod has been active as long as it may; `nil` for a pod without a limit.
    private static func secondsToDeadline(_ pod: KubernetesObject) -> Int? {
        guard let limit = pod.spec["activeDeadlineSeconds"]?.int,
            let start = pod.status["startTime"]?.string.flatMap(Timestamp.seconds)
        else { return nil }
        return start + limit - time(nil)
    }

    private func endOverdue(_ pod: KubernetesObject, _ status: PodRuntimeStatus) async throws {
        var status = status
        if status.phase != .finished {
            if stopping.insert(pod.uid).inserted {
                tell.yield(
                    (
                        pod,
                        PodEvents.Event(
                            severity: .normal, reason: PodStatusWriter.overdue.reason,
                            message: PodStatusWriter.overdue.message, fieldPath: "")
                    ))
            }
            try await runtime.stop(
                uid: pod.uid, gracePeriodSeconds: pod.spec["terminationGracePeriodSeconds"]?.int ?? 30)
            // The runtime tells when the pod has ended.
            guard let after = await runtime.status(uid: pod.uid) else { return }
            status = after
        }
        try await write(pod, status, isOverdue: status.phase == .finished)
    }

    private func needsStart(_ uid: String) async -> Bool {
        guard let status = await runtime.status(uid: uid) else { return true }
        return status.phase == .active && !status.isSupervised
    }

    private func values(for pod: KubernetesObject) async throws -> ReferencedValues {
        let names = ReferencedValues.names(in: pod)
        var values = ReferencedValues()
        for name in names.configMaps {
            guard let map = try await cluster.find(.configMaps, namespace: pod.namespace, name: name) else { continue }
            var data = (map.json["data"]?.stringMap ?? [:]).mapValues { ReferencedValue($0) }
            data.merge(Self.decoded(map.json["binaryData"])) { $1 }
            values.configMaps[name] = data
        }
        for name in names.secrets {
            guard let secret = try await cluster.find(.secrets, namespace: pod.namespace, name: name) else { continue }
            values.secrets[name] = Self.decoded(secret.json["data"])
        }
        return values
    }

    private static func decoded(_ data: JSON?) -> [String: ReferencedValue] {
        (data?.stringMap ?? [:]).compactMapValues { Base64.decode($0).map { ReferencedValue(Array($0)) } }
    }

    /// Keeps the files of a running pod's volumes at what they come from.
    ///
    /// - Returns: when to look again.
    private func updateVolumes(of pod: KubernetesObject) async throws -> Requeue {
        let names = ReferencedValues.namesInVolumes(of: pod)
        let hasReferences = !names.configMaps.isEmpty || !names.secrets.isEmpty
        let hasOwn = (pod.spec["volumes"]?.array ?? []).contains { $0["downwardAPI"]?.isNull == false }
        guard hasReferences || hasOwn else { return .none }
        try await runtime.update(PodRequest(pod, values: try await values(for: pod)))
        return hasReferences ? .after(configuration.volumeRefresh) : .none
    }

    // MARK: - Ending

    private func delete(_ pod: KubernetesObject) async throws -> Requeue {
        guard let status = await runtime.status(uid: pod.uid) else {
            // It never ran, or nobody knows how it ended.
            try await cluster.deleteEnded(pod)
            return .none
        }
        guard status.phase == .finished else {
            if stopping.insert(pod.uid).inserted {
                for event in PodEvents(pod: pod).killing(status) { tell.yield((pod, event)) }
            }
            try await runtime.stop(uid: pod.uid, gracePeriodSeconds: pod.deletionGracePeriodSeconds ?? 30)
            guard let after = await runtime.status(uid: pod.uid), after.phase == .finished else {
                // The runtime tells when the pod has ended.
                try await write(pod, status)
                return .none
            }
            return try await finishDeleting(pod, after)
        }
        return try await finishDeleting(pod, status)
    }

    private func finishDeleting(_ pod: KubernetesObject, _ status: PodRuntimeStatus) async throws -> Requeue {
        try await write(pod, status)
        try await deleteForGood(pod)
        return .none
    }

    /// Tells the cluster that nothing of the pod is left; finalizers may still hold the object.
    private func deleteForGood(_ pod: KubernetesObject) async throws {
        if pod.deletionGracePeriodSeconds == 0, !pod.finalizers.isEmpty { return }
        do {
            try await cluster.deleteIfPresent(
                .pods, namespace: pod.namespace, name: pod.name,
                DeleteOptions(gracePeriodSeconds: 0, uid: pod.uid))
        } catch let error as APIError where error.isConflict {
            // Another pod has the name by now: this one is gone already.
        }
    }

    /// Ends a pod that the cluster no longer has, and forgets it.
    private func end(orphan status: PodRuntimeStatus) async throws -> Requeue {
        guard status.phase == .finished else {
            if stopping.insert(status.uid).inserted {
                logger.info(
                    "ending a pod that the cluster no longer has",
                    metadata: ["pod": "\(status.namespace)/\(status.name)", "uid": "\(status.uid)"])
            }
            try await runtime.stop(uid: status.uid, gracePeriodSeconds: 30)
            guard let after = await runtime.status(uid: status.uid) else { return .none }
            return after.phase == .finished ? try await end(orphan: after) : .none
        }
        try await runtime.remove(uid: status.uid)
        forget(status.uid, ObjectKey(namespace: status.namespace, name: status.name))
        return .none
    }

    private func forget(_ uid: String, _ key: ObjectKey) {
        told[uid] = nil
        written[uid] = nil
        stopping.remove(uid)
        uids[key]?.remove(uid)
        if uids[key]?.isEmpty == true { uids[key] = nil }
    }

    // MARK: - Telling

    private func report(_ pod: KubernetesObject, _ status: PodRuntimeStatus) {
        let old = told[pod.uid]
        told[pod.uid] = status
        // Where nothing runs there is nothing to tell of.
        guard old != status, runtime.warning == nil else { return }
        for event in PodEvents(pod: pod).events(from: old, to: status) { tell.yield((pod, event)) }
    }

    /// Writes the status where it says something new.
    private func write(
        _ pod: KubernetesObject, _ status: PodRuntimeStatus, isOverdue: Bool = false
    ) async throws {
        var current = pod
        if let last = written[pod.uid], last.base == pod.resourceVersion { current = last.result }
        let runtimeName = String(runtime.version.prefix { $0 != ":" })
        let new = PodStatusWriter(
            pod: current, runtime: status, runtimeName: runtimeName, hostAddress: runtime.hostAddress,
            isOverdue: isOverdue
        ).status(now: time(nil))
        guard new != current.status else { return }
        var changes: JSON = new
        for key in current.status.object?.keys ?? [] where new[key] == nil { changes[key] = JSON.null }
        do {
            let result = try await cluster.merge(
                .pods, namespace: pod.namespace, name: pod.name,
                ["metadata": ["uid": .string(pod.uid)], "status": changes], subresource: "status")
            written[pod.uid] = (pod.resourceVersion, result)
        } catch let error as APIError where error.isNotFound {
            // Gone meanwhile; the informer will say so.
        }
    }
}
