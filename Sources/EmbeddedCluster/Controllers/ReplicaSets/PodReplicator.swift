import JSONTree
import KubernetesModel

/// A kind of object that keeps a number of pods of one template: the ReplicaSet, and its elder, the ReplicationController.
struct PodReplicator: Sendable {
    let type: ResourceType
    /// The component that its events name.
    let component: String
    /// Whether the status counts pods that are on their way out.
    let countsTerminating: Bool
    private let read: @Sendable (JSON?) -> LabelSelector?

    /// What selects the pods of an object; `nil` where that is everything, or cannot be read.
    func selector(of object: KubernetesObject) -> LabelSelector? {
        read(object.spec["selector"]).flatMap { $0.isEmpty ? nil : $0 }
    }

    static let replicaSet = PodReplicator(
        type: .replicaSets, component: "replicaset-controller", countsTerminating: true
    ) { try? LabelSelector($0 ?? .null) }

    /// Its selector is a plain map of labels.
    static let replicationController = PodReplicator(
        type: .replicationControllers, component: "replication-controller", countsTerminating: false
    ) { LabelSelector(matchLabels: $0?.stringMap ?? [:]) }
}
