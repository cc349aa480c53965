import JSONTree
import KubernetesModel

/// A Deployment's status and conditions, in Kubernetes' words.
struct RolloutStatus: Sendable, Hashable {
    /// What the ReplicaSets say, added up.
    var replicas = 0
    var updated = 0
    var ready = 0
    var available = 0
    var unavailable = 0
    var terminating = 0

    init() {}

    init(newest: RolloutReplicaSet?, old: [RolloutReplicaSet]) {
        let all = (newest.map { [$0] } ?? []) + old
        for set in all {
            replicas += set.replicas
            ready += set.ready
            available += set.available
            terminating += set.terminating
        }
        updated = newest?.replicas ?? 0
        unavailable = max(0, all.reduce(0) { $0 + $1.wanted } - available)
    }

    /// The counts of a status as it was stored.
    init(_ status: JSON) {
        replicas = status["replicas"]?.int ?? 0
        updated = status["updatedReplicas"]?.int ?? 0
        ready = status["readyReplicas"]?.int ?? 0
        available = status["availableReplicas"]?.int ?? 0
    }

    /// Whether every wanted pod is of the current template and available.
    func isComplete(_ spec: RolloutSpec) -> Bool {
        updated == spec.replicas && replicas == spec.replicas && available >= spec.replicas
    }

    /// Whether more was achieved than `before`.
    func isProgress(since before: RolloutStatus) -> Bool {
        updated > before.updated || replicas - updated < before.replicas - before.updated || ready > before.ready
            || available > before.available
    }

    /// The `status` object.
    func json(observedGeneration: Int, collisions: Int?, conditions: RolloutConditions) -> JSON {
        var json: JSON = ["observedGeneration": JSON(observedGeneration)]
        let counts = [
            ("replicas", replicas), ("updatedReplicas", updated), ("readyReplicas", ready),
            ("availableReplicas", available), ("unavailableReplicas", unavailable),
        ]
        for (key, count) in counts where count > 0 { json[key] = JSON(count) }
        json["terminatingReplicas"] = JSON(terminating)
        if let collisions { json["collisionCount"] = JSON(collisions) }
        if !conditions.elements.isEmpty { json["conditions"] = .array(conditions.elements) }
        return json
    }
}
