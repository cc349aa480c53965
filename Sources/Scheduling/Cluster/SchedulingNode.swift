import JSONTree
public import KubernetesModel

/// A node as decisions see it.
///
/// Two nodes are equal when no decision could tell them apart: a heartbeat changes nothing here.
public struct SchedulingNode: Sendable, Hashable {
    public let name: String
    public let labels: [String: String]
    public let taints: [Taint]
    /// Cordoned (`spec.unschedulable`).
    public let isUnschedulable: Bool
    public let allocatable: ResourceCounts
    /// The most pods the node takes.
    public let allocatablePods: Int
    /// The state of the edge behind the node; `ready` for ordinary nodes.
    public let state: EdgeState
    /// The images on the node, with their bytes, by each of their names.
    public let images: [String: Int]

    public init(
        name: String, labels: [String: String], taints: [Taint] = [], isUnschedulable: Bool = false,
        allocatable: ResourceCounts, allocatablePods: Int, state: EdgeState = .ready, images: [String: Int] = [:]
    ) {
        self.name = name
        self.labels = labels
        self.taints = taints
        self.isUnschedulable = isUnschedulable
        self.allocatable = allocatable
        self.allocatablePods = allocatablePods
        self.state = state
        self.images = images
    }

    /// - Parameter state: the state of the edge behind the node, as its owner knows it.
    public init(_ node: KubernetesObject, state: EdgeState = .ready) {
        let status = node.json["status"]
        var images: [String: Int] = [:]
        for image in status?["images"]?.array ?? [] {
            for name in image["names"]?.array ?? [] { images[name.string ?? ""] = image["sizeBytes"]?.int ?? 0 }
        }
        let amounts = PodRequests.amounts(status?["allocatable"] ?? status?["capacity"])
        self.init(
            name: node.name, labels: node.labels, taints: Taint.all(of: node),
            isUnschedulable: node.json["spec"]?["unschedulable"]?.bool ?? false,
            allocatable: ResourceCounts(amounts), allocatablePods: amounts["pods"]?.value ?? 0, state: state,
            images: images)
    }
}
