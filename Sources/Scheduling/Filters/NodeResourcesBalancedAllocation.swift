/// Prefers nodes whose CPU and memory the pod brings into balance: since Kubernetes 1.36 by how much the balance gains, from
/// 50 (perfect to worst) over 75 (no change) to 100 (worst to perfect).
struct NodeResourcesBalancedAllocation: NodeScore {
    static let name = "NodeResourcesBalancedAllocation"
    static let weight = 1
    private let requests: ResourceCounts

    init(_ pod: PendingPod) { requests = pod.asPlaced.requests }

    func scores(of entries: [SnapshotNode]) -> [Int]? {
        // A pod that asks for nothing changes no balance.
        guard requests.milliCPU != 0 || requests.memory != 0 else { return nil }
        return entries.map { score(of: $0) ?? 0 }
    }

    /// A node's score; `nil` where the pod asks for nothing.
    func score(of entry: SnapshotNode) -> Int? {
        guard requests.milliCPU != 0 || requests.memory != 0 else { return nil }
        let room = entry.node.allocatable
        let used = entry.load.requests
        let before = Self.balance(cpu: used.milliCPU, memory: used.memory, of: room)
        let after = Self.balance(
            cpu: used.milliCPU &+ requests.milliCPU, memory: used.memory &+ requests.memory, of: room)
        return highestScore / 2 + (highestScore / 2 + after - before) / 2
    }

    /// 100 where CPU and memory are used to the same share, down to 50 where one is full and the other empty.
    private static func balance(cpu: Int, memory: Int, of room: ResourceCounts) -> Int {
        // With less than two resources there is nothing to balance.
        guard room.milliCPU != 0, room.memory != 0 else { return highestScore }
        let cpu = min(1, Double(cpu) / Double(room.milliCPU))
        let memory = min(1, Double(memory) / Double(room.memory))
        // The standard deviation of two values.
        let deviation = abs((cpu - memory) / 2)
        return Int((1 - deviation) * Double(highestScore))
    }
}
