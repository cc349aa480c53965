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
    public var isTerminating: Bool
    /// Whether it is being deleted to make room for another.
    public var isPreempted: Bool
    public let priority: Int
    /// Seconds since 1970 from which it runs; `nil` where it does not yet.
    public let startTime: Int?
    /// What it demands and prefers of its neighbours; `nil` for nothing.
    public let affinities: PodAffinities?

    public init(
        key: ObjectKey, labels: [String: String], node: String, requests: ResourceCounts,
        assumedRequests: ResourceCounts, hostPorts: [HostPort] = [], isTerminating: Bool = false,
        isPreempted: Bool = false, priority: Int = 0, startTime: Int? = nil, affinities: PodAffinities? = nil
    ) {
        self.key = key
        self.labels = labels
        self.node = node
        self.requests = requests
        self.assumedRequests = assumedRequests
        self.hostPorts = hostPorts
        self.isTerminating = isTerminating
        self.isPreempted = isPreempted
        self.priority = priority
        self.startTime = startTime
        self.affinities = affinities
    }

    public init(_ pod: KubernetesObject) {
        self.init(
            key: pod.key, labels: pod.labels, node: pod.json["spec"]?["nodeName"]?.string ?? "",
            requests: ResourceCounts(PodRequests.total(of: pod)),
            assumedRequests: ResourceCounts(PodRequests.total(of: pod, assuming: PodRequests.assumed)),
            hostPorts: HostPort.all(of: pod), isTerminating: pod.isBeingDeleted, isPreempted: Self.isPreempted(pod),
            priority: pod.json["spec"]?["priority"]?.int ?? 0,
            startTime: pod.json["status"]?["startTime"]?.string.flatMap(Timestamp.seconds),
            // What is malformed in a pod that runs already binds nobody.
            affinities: (try? PodAffinities(pod)) ?? nil)
    }

    private static func isPreempted(_ pod: KubernetesObject) -> Bool {
        guard pod.isBeingDeleted else { return false }
        let target = Conditions.find("DisruptionTarget", in: pod.json["status"]?["conditions"])
        return target?["status"]?.string == "True" && target?["reason"]?.string == "PreemptionByScheduler"
    }
}
