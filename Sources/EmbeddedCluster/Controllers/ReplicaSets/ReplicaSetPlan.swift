import JSONTree
import KubernetesModel

/// What a ReplicaSet needs next, and what its status says: values in, values out.
enum ReplicaSetPlan {
    enum Action: Hashable {
        case none
        case create(Int)
        case delete(Int)
    }

    /// The most pods made or deleted in one go, so that a mistake of millions is noticed early.
    static let burst = 500

    /// - Parameters:
    ///   - wanted: `spec.replicas`.
    ///   - active: pods that run or are going to; those that have ended or are on their way out are replaced at once.
    static func next(wanted: Int, active: Int) -> Action {
        if active < wanted { return .create(min(wanted - active, burst)) }
        if active > wanted { return .delete(min(active - wanted, burst)) }
        return .none
    }

    /// How many pods to make at once, one batch after the other: each twice the last, so that a template that cannot work is
    /// refused once and not a thousand times.
    static func batches(of total: Int) -> [Int] {
        var batches: [Int] = []
        var remaining = total
        var size = 1
        while remaining > 0 {
            batches.append(min(size, remaining))
            remaining -= min(size, remaining)
            size *= 2
        }
        return batches
    }

    /// The status for the pods owned now.
    ///
    /// - Parameter failure: why pods could not be made or deleted, where that is so: condition `ReplicaFailure`.
    static func status(
        of replicaSet: KubernetesObject, pods: [PodFacts], failure: (reason: String, message: String)?, now: Int
    ) -> JSON {
        let template = replicaSet.spec["template"]?["metadata"]?["labels"]?.stringMap ?? [:]
        var match = RepeatedMatch(LabelSelector(matchLabels: template))
        let minReadySeconds = replicaSet.spec["minReadySeconds"]?.int ?? 0
        var replicas = 0
        var labeled = 0
        var ready = 0
        var available = 0
        var terminating = 0
        for pod in pods {
            if pod.isTerminating { terminating += 1 }
            guard pod.isActive else { continue }
            replicas += 1
            if match.matches(pod.labels) { labeled += 1 }
            if pod.isReady { ready += 1 }
            if pod.isAvailable(minReadySeconds: minReadySeconds, now: now) { available += 1 }
        }
        var status: JSON = ["replicas": JSON(replicas)]
        if labeled > 0 { status["fullyLabeledReplicas"] = JSON(labeled) }
        if ready > 0 { status["readyReplicas"] = JSON(ready) }
        if available > 0 { status["availableReplicas"] = JSON(available) }
        status["terminatingReplicas"] = JSON(terminating)
        status["observedGeneration"] = JSON(replicaSet.generation)
        var conditions = replicaSet.status["conditions"]
        if let failure {
            Conditions.set(
                "ReplicaFailure", status: "True", reason: failure.reason, message: failure.message, now: now,
                in: &conditions)
        } else {
            let kept = (conditions?.array ?? []).filter { $0["type"]?.string != "ReplicaFailure" }
            conditions = kept.isEmpty ? nil : .array(kept)
        }
        if let conditions { status["conditions"] = conditions }
        return status
    }

    /// A pod made from the ReplicaSet's template; the API completes its name.
    static func pod(for replicaSet: KubernetesObject) -> KubernetesObject {
        let template = replicaSet.spec["template"]
        var metadata: JSON = [
            "generateName": .string(replicaSet.name + "-"), "namespace": .string(replicaSet.namespace),
        ]
        for field in ["labels", "annotations", "finalizers"] {
            if let value = template?["metadata"]?[field], !value.isNull { metadata[field] = value }
        }
        metadata["ownerReferences"] = [OwnerReference(controller: replicaSet).json]
        return KubernetesObject([
            "apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template?["spec"] ?? [:],
        ])
    }

    /// Seconds until the next pod has been ready long enough to count as available; `nil` where none is waiting.
    static func secondsUntilAvailable(_ pods: [PodFacts], minReadySeconds: Int, now: Int) -> Int? {
        guard minReadySeconds > 0 else { return nil }
        return pods.compactMap { pod -> Int? in
            guard pod.isActive, let since = pod.readySince, since + minReadySeconds > now else { return nil }
            return since + minReadySeconds - now
        }.min()
    }
}
