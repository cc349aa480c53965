import JSONTree
import KubernetesModel
import OffloadingModel

/// What is next for a pod that is being moved. Pure.
///
/// | the ReplicaSet | its own pods | what is next |
/// |---|---|---|
/// | is gone | any | the pod goes, too |
/// | is there | as many ready as it wants | the pod is evicted |
/// | is there | fewer | wait; after two minutes, or once something speaks against the move, take it back |
enum MoveStep: Sendable, Hashable {
    case wait
    /// With the pod that took its place; `nil` where it cannot be told, as when fewer are wanted by now.
    case evict(replacement: KubernetesObject?)
    /// Why.
    case undo(String)
    case discard

    /// How long a new pod may take to be ready, and a budget to allow the old one's eviction.
    static let patience = 120

    /// - Parameters:
    ///   - replicaSet: `nil` where it is gone.
    ///   - pods: the ReplicaSet's, without the one that moves.
    ///   - now: seconds since 1970.
    ///   - obstacle: what speaks against the move, such as an edge that fell silent.
    static func next(
        _ mark: MoveMark, replicaSet: KubernetesObject?, pods: [KubernetesObject], now: Int, obstacle: String?
    ) -> MoveStep {
        guard let replicaSet, replicaSet.uid == mark.workloadUID, !replicaSet.isBeingDeleted else { return .discard }
        let ready = pods.filter { !$0.isBeingDeleted && Conditions.isTrue("Ready", in: $0.status["conditions"]) }
        if ready.count >= replicaSet.spec["replicas"]?.int ?? 1 {
            let new = ready.filter { pod in
                pod.spec["nodeName"]?.string == mark.target && pod.annotation(Names.movedAtAnnotation) == nil
                    && created(pod) >= mark.newest
            }
            return .evict(replacement: new.max { (created($0), $0.name) < (created($1), $1.name) })
        }
        if let obstacle { return .undo(obstacle) }
        return now - mark.since > patience ? .undo("no new pod was ready within \(patience) s") : .wait
    }

    /// The newest pod that is not ready: the one that a move was to bring, if it has come that far.
    static func unfinished(_ mark: MoveMark, of pods: [KubernetesObject]) -> KubernetesObject? {
        pods.filter { pod in
            !pod.isBeingDeleted && !Conditions.isTrue("Ready", in: pod.status["conditions"])
                && created(pod) >= mark.newest
        }.max { (created($0), $0.name) < (created($1), $1.name) }
    }

    private static func created(_ pod: KubernetesObject) -> Int { Timestamp.seconds(pod.creationTimestamp) ?? 0 }
}
