/// Keeps pods off nodes without room for them, and prefers nodes with the most room (`LeastAllocated`, CPU and memory alike).
struct NodeResourcesFit: NodeFilter, NodeScore {
    static let name = "NodeResourcesFit"
    static let weight = 1
    private let requests: ResourceCounts
    private let assumed: ResourceCounts
    /// By name, so that reasons come in the same order every time.
    private let others: [(name: String, amount: Int)]

    init(_ pod: PendingPod) {
        requests = pod.asPlaced.requests
        assumed = pod.asPlaced.assumedRequests
        others = requests.others.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Whether there is no refusal, found out without wording one.
    func hasRoom(_ entry: SnapshotNode) -> Bool {
        guard entry.load.pods < entry.node.allocatablePods else { return false }
        guard !requests.isZero else { return true }
        func fits(_ wanted: Int, _ room: Int, _ used: Int) -> Bool { wanted <= 0 || wanted <= room &- used }
        let room = entry.node.allocatable
        let used = entry.load.requests
        return fits(requests.milliCPU, room.milliCPU, used.milliCPU) && fits(requests.memory, room.memory, used.memory)
            && fits(requests.ephemeralStorage, room.ephemeralStorage, used.ephemeralStorage)
            && others.allSatisfy { fits($0.amount, room.others[$0.name] ?? 0, used.others[$0.name] ?? 0) }
    }

    func refusal(of entry: SnapshotNode) -> Refusal? {
        let room = entry.node.allocatable
        let used = entry.load.requests
        var reasons: [String] = []
        var isTooSmall = false
        if entry.load.pods + 1 > entry.node.allocatablePods { reasons.append("Too many pods") }
        func check(_ wanted: Int, _ room: Int, _ used: Int, _ name: String) {
            guard wanted > 0, wanted > room &- used else { return }
            reasons.append("Insufficient \(name)")
            // Not even an empty node would do.
            if wanted > room { isTooSmall = true }
        }
        check(requests.milliCPU, room.milliCPU, used.milliCPU, "cpu")
        check(requests.memory, room.memory, used.memory, "memory")
        check(requests.ephemeralStorage, room.ephemeralStorage, used.ephemeralStorage, "ephemeral-storage")
        for (name, amount) in others { check(amount, room.others[name] ?? 0, used.others[name] ?? 0, name) }
        return reasons.isEmpty ? nil : Refusal(Self.name, reasons, mayHelpToPreempt: !isTooSmall)
    }

    func scores(of entries: [SnapshotNode]) -> [Int]? {
        entries.map { score(of: $0) }
    }

    func score(of entry: SnapshotNode) -> Int {
        var sum = 0
        var resources = 0
        func add(_ room: Int, _ wanted: Int) {
            guard room > 0 else { return }
            resources += 1
            if wanted <= room { sum += (room &- wanted) &* highestScore / room }
        }
        let used = entry.load.assumedRequests
        add(entry.node.allocatable.milliCPU, used.milliCPU &+ assumed.milliCPU)
        add(entry.node.allocatable.memory, used.memory &+ assumed.memory)
        return resources == 0 ? 0 : sum / resources
    }
}
