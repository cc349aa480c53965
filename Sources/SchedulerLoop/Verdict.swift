import KubernetesModel

/// What is written on a pod that found no node.
struct Verdict: Sendable, Hashable {
    /// What becomes of `status.nominatedNodeName`.
    enum Nomination: Sendable, Hashable {
        case unchanged
        case cleared
        /// Room is being made for the pod there.
        case node(String)
    }

    /// Of the condition `PodScheduled`.
    let reason: String
    /// Of the condition and of the event `FailedScheduling`.
    let message: String
    var nomination = Nomination.unchanged
}

/// The pods that make room for another one.
struct RoomToMake: Sendable, Hashable {
    let node: String
    /// To be ended; they are not ending yet.
    let victims: [ObjectKey]
    /// Less important pods that room was made for on the node before; they are to look for another.
    let displaced: [ObjectKey]
}
