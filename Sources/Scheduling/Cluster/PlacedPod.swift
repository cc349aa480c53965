import JSONTree
public import KubernetesModel

/// A pod as it counts on its node.
public struct PlacedPod: Sendable, Hashable {
    public let key: ObjectKey
    public let labels: [String: String]
    /// Empty while the pod has no node.
    public var node: String
    public let requests: ResourceCounts
    /// CPU and memory with assumed amounts where containers name none: what scores reckon with.
    public let assumedRequests: ResourceCounts
    public let hostPorts: [HostPort]
    /// Whether the pod is being deleted: it holds its resources still, but is no member of its domain any more.
    public let isTerminating: Bool

    public init(
        key: ObjectKey, labels: [String: String], node: String, requests: ResourceCounts,
        assumedRequests: ResourceCounts, hostPorts: [HostPort] = [], isTerminating: Bool = false
    ) {
        self.key = key
        self.labels = labels
        self.node = node
        self.requests = requests
        self.assumedRequests = assumedRequests
        self.hostPorts = hostPorts
        self.isTerminating = isTerminating
    }

    public init(_ pod: KubernetesObject) {
        self.init(
            key: pod.key, labels: pod.labels, node: pod.json["spec"]?["nodeName"]?.string ?? "",
            requests: ResourceCounts(PodRequests.total(of: pod)),
            assumedRequests: ResourceCounts(PodRequests.total(of: pod, assuming: PodRequests.assumed)),
            hostPorts: HostPort.all(of: pod), isTerminating: pod.isBeingDeleted)
    }

    /// Whether a pod has ended and holds nothing any more; such pods are not put into a snapshot.
    public static func isFinished(_ pod: KubernetesObject) -> Bool {
        let phase = pod.json["status"]?["phase"]?.string
        return phase == "Succeeded" || phase == "Failed"
    }
}
