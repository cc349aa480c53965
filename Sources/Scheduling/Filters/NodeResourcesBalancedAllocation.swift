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
        return entries.map { entry in
            let before = Self.balance(entry.load.requests, entry.node.allocatable)
            var used = entry.load.requests
            used += requests
            let after = Self.balance(used, entry.node.allocatable)
            return highestScore / 2 + (highestScore / 2 + after - before) / 2
        }
    }

    /// 100 where CPU and memory are used to the same share, down to 50 where one is full and the other empty.
    private static func balance(_ used: ResourceCounts, _ room: ResourceCounts) -> Int {
        // With less than two resources there is nothing to balance.
        guard room.milliCPU != 0, room.memory != 0 else { return highestScore }
        let cpu = min(1, Double(used.milliCPU) / Double(room.milliCPU))
        let memory = min(1, Double(used.memory) / Double(room.memory))
        // The standard deviation of two values.
        let deviation = abs((cpu - memory) / 2)
        return Int((1 - deviation) * Double(highestScore))
    }
}
