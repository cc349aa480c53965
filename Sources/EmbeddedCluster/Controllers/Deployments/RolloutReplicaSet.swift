import JSONTree
import KubernetesModel

/// A ReplicaSet as a rollout sees it.
struct RolloutReplicaSet: Sendable, Hashable {
    var name: String
    /// Seconds since 1970.
    var created: Int
    var revision: Int
    /// `spec.replicas`: what it is to have.
    var wanted: Int
    /// `status`: what it has.
    var replicas: Int
    var ready: Int
    var available: Int
    var terminating: Int
    /// The Deployment's replicas when this one was scaled last, as an annotation remembers.
    var desiredOfDeployment: Int?
    /// The most pods the Deployment might have had then, surge included.
    var maximumOfDeployment: Int?
    /// Whether its status follows its latest spec.
    var isObserved: Bool
    var isBeingDeleted: Bool

    init(
        name: String, created: Int = 0, revision: Int = 1, wanted: Int, replicas: Int = 0, ready: Int = 0,
        available: Int = 0, terminating: Int = 0, desiredOfDeployment: Int? = nil, maximumOfDeployment: Int? = nil,
        isObserved: Bool = true, isBeingDeleted: Bool = false
    ) {
        self.name = name
        self.created = created
        self.revision = revision
        self.wanted = wanted
        self.replicas = replicas
        self.ready = ready
        self.available = available
        self.terminating = terminating
        self.desiredOfDeployment = desiredOfDeployment
        self.maximumOfDeployment = maximumOfDeployment
        self.isObserved = isObserved
        self.isBeingDeleted = isBeingDeleted
    }

    init(_ object: KubernetesObject) {
        let status = object.status
        self.init(
            name: object.name, created: Timestamp.seconds(object.creationTimestamp) ?? 0,
            revision: object.annotation(RolloutAnnotations.revision).flatMap { Int($0) } ?? 0,
            wanted: object.spec["replicas"]?.int ?? 1, replicas: status["replicas"]?.int ?? 0,
            ready: status["readyReplicas"]?.int ?? 0, available: status["availableReplicas"]?.int ?? 0,
            terminating: status["terminatingReplicas"]?.int ?? 0,
            desiredOfDeployment: object.annotation(RolloutAnnotations.desired).flatMap { Int($0) },
            maximumOfDeployment: object.annotation(RolloutAnnotations.maximum).flatMap { Int($0) },
            isObserved: (status["observedGeneration"]?.int ?? 0) >= object.generation,
            isBeingDeleted: object.isBeingDeleted)
    }

    /// Older first, names deciding among those of the same second.
    static func isOlder(_ left: Self, _ right: Self) -> Bool {
        (left.created, left.name) < (right.created, right.name)
    }
}
