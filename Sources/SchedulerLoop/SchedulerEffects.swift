import ClusterAPI
import JSONTree
import KubernetesModel
import Logging

/// What a scheduler does to a cluster: binds pods, says why others wait, and ends those that make room.
struct SchedulerEffects: Sendable {
    /// A pod that is ending to make room.
    struct Victim: Sendable {
        let key: ObjectKey
        let uid: String
    }

    private let cluster: any ClusterAPI
    private let recorder: EventRecorder
    private let now: @Sendable () -> Int
    private let logger: Logger

    /// - Parameter now: seconds since 1970, for events and conditions.
    init(_ cluster: any ClusterAPI, now: @escaping @Sendable () -> Int, logger: Logger) {
        self.cluster = cluster
        self.now = now
        self.logger = logger
        recorder = EventRecorder(cluster, component: SchedulerConfiguration.defaultName, now: now, logger: logger)
    }

    // MARK: - Binding

    func bind(_ pod: KubernetesObject, to node: String) async -> SchedulerState.BindingOutcome {
        let binding: JSON = [
            "apiVersion": "v1", "kind": "Binding",
            "metadata": [
                "name": .string(pod.name), "namespace": .string(pod.namespace), "uid": .string(pod.uid),
            ],
            "target": ["apiVersion": "v1", "kind": "Node", "name": .string(node)],
        ]
        do {
            _ = try await cluster.createSubresource(
                .pods, namespace: pod.namespace, name: pod.name, subresource: "binding", binding)
            return .bound
        } catch let error as APIError where error.isNotFound {
            return .gone
        } catch {
            // A conflict: somebody else was faster, or an earlier binding whose answer was lost.
            let level: Logger.Level = (error as? APIError)?.isConflict == true ? .debug : .warning
            logger.log(
                level: level, "binding failed, trying again",
                metadata: ["pod": "\(pod.key)", "node": "\(node)", "error": "\(error)"])
            return .failed
        }
    }

    func recordBinding(of pod: KubernetesObject, to node: String) async {
        await recorder.record(
            .normal, pod, reason: "Scheduled",
            "Successfully assigned \(pod.namespace)/\(pod.name) to \(node)")
    }

    // MARK: - Reporting

    /// Writes what was found out to the pod's status, and as an event.
    func report(_ pod: KubernetesObject, _ verdict: Verdict) async {
        do {
            try await write(verdict, to: pod)
        } catch {
            // The next failure says it again.
            logger.debug(
                "a pod's condition was not written", metadata: ["pod": "\(pod.key)", "error": "\(error)"])
        }
        await recorder.record(.warning, pod, reason: "FailedScheduling", verdict.message)
    }

    /// Writes `PodScheduled=False` unless the pod has a node by now: only the version that was looked at is written to.
    private func write(_ verdict: Verdict, to pod: KubernetesObject) async throws {
        var pod = pod
        for attempt in 1...3 {
            guard let status = changes(of: pod, verdict) else { return }
            let changes: JSON = [
                "metadata": ["uid": .string(pod.uid), "resourceVersion": .string(pod.resourceVersion)],
                "status": status,
            ]
            do {
                _ = try await cluster.patch(
                    .pods, namespace: pod.namespace, name: pod.name, Patch(.strategic, changes), subresource: "status",
                    WriteOptions())
                return
            } catch let error as APIError where error.isConflict && attempt < 3 {
                let current = try await cluster.find(.pods, namespace: pod.namespace, name: pod.name)
                guard let current, current.uid == pod.uid, current.json["spec"]?["nodeName"] == nil else { return }
                pod = current
            }
        }
    }

    /// What is new in the status; `nil` where nothing is.
    private func changes(of pod: KubernetesObject, _ verdict: Verdict) -> JSON? {
        var changes: JSON = .object(JSONObject())
        var conditions = pod.json["status"]?["conditions"]
        let old = Conditions.find("PodScheduled", in: conditions)
        if old?["status"]?.string != "False" || old?["reason"]?.string != verdict.reason
            || old?["message"]?.string != verdict.message
        {
            Conditions.set(
                "PodScheduled", status: "False", reason: verdict.reason, message: verdict.message, now: now(),
                in: &conditions)
            if let condition = Conditions.find("PodScheduled", in: conditions) { changes["conditions"] = [condition] }
        }
        let nominated = pod.json["status"]?["nominatedNodeName"]?.string ?? ""
        switch verdict.nomination {
        case .unchanged: break
        case .cleared: if !nominated.isEmpty { changes["nominatedNodeName"] = .null }
        case .node(let node): if nominated != node { changes["nominatedNodeName"] = .string(node) }
        }
        return changes.object?.isEmpty == false ? changes : nil
    }

    // MARK: - Preempting

    /// Makes room: says so on the pod, takes the nomination from those that go without now, and ends the victims.
    ///
    /// - Returns: the victims that are ending.
    func preempt(
        for pod: KubernetesObject, _ verdict: Verdict, on node: String, victims: [KubernetesObject],
        displaced: [KubernetesObject]
    ) async -> [Victim] {
        await report(pod, verdict)
        for other in displaced { await clearNomination(of: other) }
        return await withTaskGroup(of: Victim?.self) { group in
            for victim in victims { group.addTask { await end(victim, for: pod, on: node) } }
            var ended: [Victim] = []
            for await victim in group { if let victim { ended.append(victim) } }
            return ended
        }
    }

    private func clearNomination(of pod: KubernetesObject) async {
        do {
            _ = try await cluster.merge(
                .pods, namespace: pod.namespace, name: pod.name,
                ["metadata": ["uid": .string(pod.uid)], "status": ["nominatedNodeName": .null]], subresource: "status")
        } catch {
            // It prefers a node that it may not get: no harm.
            logger.debug(
                "a pod's nomination was not cleared", metadata: ["pod": "\(pod.key)", "error": "\(error)"])
        }
    }

    /// Marks a pod as disrupted, then deletes it with its own grace period.
    private func end(_ victim: KubernetesObject, for pod: KubernetesObject, on node: String) async -> Victim? {
        let scheduler = pod.json["spec"]?["schedulerName"]?.string ?? SchedulerConfiguration.defaultName
        var conditions = victim.json["status"]?["conditions"]
        Conditions.set(
            "DisruptionTarget", status: "True", reason: "PreemptionByScheduler",
            message: "\(scheduler): preempting to accommodate a higher priority pod", now: now(), in: &conditions)
        do {
            if let condition = Conditions.find("DisruptionTarget", in: conditions) {
                _ = try await cluster.patch(
                    .pods, namespace: victim.namespace, name: victim.name,
                    Patch(
                        .strategic,
                        ["metadata": ["uid": .string(victim.uid)], "status": ["conditions": [condition]]]),
                    subresource: "status", WriteOptions())
            }
            try await cluster.delete(
                .pods, namespace: victim.namespace, name: victim.name, DeleteOptions(uid: victim.uid))
        } catch let error as APIError where error.isNotFound || error.isConflict {
            // Gone, and perhaps another pod has its name.
            return nil
        } catch {
            logger.warning(
                "a pod could not be preempted, trying again",
                metadata: ["pod": "\(pod.key)", "victim": "\(victim.key)", "error": "\(error)"])
            return nil
        }
        await recorder.record(
            .normal, victim, reason: "Preempted", "Preempted by pod \(pod.uid) on node \(node)")
        return Victim(key: victim.key, uid: victim.uid)
    }
}
