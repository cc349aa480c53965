/// What the pods on a node take up together.
public struct NodeLoad: Sendable {
    public private(set) var pods = 0
    public private(set) var requests = ResourceCounts()
    /// CPU and memory with assumed amounts where containers name none.
    public private(set) var assumedRequests = ResourceCounts()
    public private(set) var hostPorts: [HostPort: Int] = [:]

    public init() {}

    public mutating func add(_ pod: PlacedPod) {
        pods += 1
        requests += pod.requests
        assumedRequests += pod.assumedRequests
        for port in pod.hostPorts { hostPorts[port, default: 0] += 1 }
    }

    public mutating func remove(_ pod: PlacedPod) {
        pods -= 1
        requests -= pod.requests
        assumedRequests -= pod.assumedRequests
        for port in pod.hostPorts {
            let left = (hostPorts[port] ?? 1) - 1
            hostPorts[port] = left > 0 ? left : nil
        }
    }
}

/// A node in a snapshot, with its load and the number by which counts know it.
public struct SnapshotNode: Sendable {
    let place: Int
    public internal(set) var node: SchedulingNode
    public internal(set) var load = NodeLoad()

    init(place: Int, node: SchedulingNode) {
        self.place = place
        self.node = node
    }
}
