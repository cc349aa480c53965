import JSONTree
import KubernetesModel

/// The annotations by which a Deployment keeps its history on its ReplicaSets.
enum RolloutAnnotations {
    static let revision = "deployment.kubernetes.io/revision"
    static let history = "deployment.kubernetes.io/revision-history"
    static let desired = "deployment.kubernetes.io/desired-replicas"
    static let maximum = "deployment.kubernetes.io/max-replicas"

    /// Those that a ReplicaSet does not take over from its Deployment.
    private static let own: Set<String> = [
        "kubectl.kubernetes.io/last-applied-configuration", revision, history, desired, maximum,
        "deprecated.deployment.rollback.to",
    ]

    /// The annotations of a Deployment's newest ReplicaSet.
    ///
    /// - Parameters:
    ///   - current: those it has; empty for a ReplicaSet that is to be made.
    ///   - newest: the revision it must have at least, being the newest.
    static func ofNewest(
        _ current: [String: String], deployment: [String: String], newest: Int, isNew: Bool
    ) -> [String: String] {
        var result = current
        for (key, value) in deployment where !own.contains(key) { result[key] = value }
        let old = current[revision].flatMap { Int($0) } ?? 0
        if old < newest {
            result[revision] = String(newest)
            // A rollback gives an old ReplicaSet a new number; the numbers it had stay on record.
            if !isNew, old > 0 {
                result[history] = [current[history], String(old)].compactMap(\.self).joined(separator: ",")
            }
        }
        return result
    }

    static func scaled(_ current: [String: String], _ spec: RolloutSpec) -> [String: String] {
        var result = current
        result[desired] = String(spec.replicas)
        result[maximum] = String(spec.replicas + spec.maxSurge)
        return result
    }
}
