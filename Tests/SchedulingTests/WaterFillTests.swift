import JSONTree
import KubernetesModel
import Testing

@testable import Scheduling

@Suite("Namespaces whose edges are filled like water") struct WaterFillTests {
    private static let host = "kubernetes.io/hostname"

    private func scheduler(_ nodes: [SchedulingNode], _ fill: WaterFill? = WaterFill()) -> SpreadScheduler {
        var scheduler = SpreadScheduler()
        for node in nodes { scheduler.snapshot.setNode(node) }
        scheduler.snapshot.fills["d"] = fill
        return scheduler
    }

    private func pod(_ number: Int, maxSkew: Int = 1, minDomains: Int? = nil, over key: String = WaterFillTests.host)
        throws -> PendingPod
    {
        var pod = TestCluster.pod("p\(number)")
        var constraint: JSON = [
            "maxSkew": JSON(maxSkew), "topologyKey": .string(key), "whenUnsatisfiable": "DoNotSchedule",
            "labelSelector": ["matchLabels": ["app": "a"]],
        ]
        constraint["minDomains"] = minDomains.map { JSON($0) }
        pod.json["spec", "topologySpreadConstraints"] = [constraint]
        return try PendingPod(pod)
    }

    /// Places pods until one has no node.
    ///
    /// - Returns: how many each node has.
    private func fill(_ scheduler: inout SpreadScheduler, _ count: Int, maxSkew: Int = 1, over key: String = host)
        throws
        -> [String: Int]
    {
        var placed: [String: Int] = [:]
        for number in 0..<count {
            let pending = try pod(number, maxSkew: maxSkew, over: key)
            let node = scheduler.node(for: pending)
            #expect(node == scheduler.decide(pending).node)
            guard let node else { break }
            var pod = pending.asPlaced
            pod.node = node
            scheduler.snapshot.setPod(pod)
            placed[node, default: 0] += 1
        }
        return placed
    }

    @Test("one small edge does not keep the others' pods Pending")
    func small() throws {
        let nodes = try [
            TestCluster.node("rome"), TestCluster.node("milan", pods: 2), TestCluster.node("paris"),
        ]
        var plain = scheduler(nodes, nil)
        #expect(try fill(&plain, 12) == ["rome": 3, "milan": 2, "paris": 3])
        var filled = scheduler(nodes)
        #expect(try fill(&filled, 12) == ["rome": 5, "milan": 2, "paris": 5])
    }

    @Test(
        "an edge that takes no pods now holds nobody up, whether it is a domain or not", arguments: EdgeState.allCases)
    func states(state: EdgeState) throws {
        var filled = try scheduler([TestCluster.node("rome"), TestCluster.node("milan", state: state)])
        #expect(try fill(&filled, 4) == (state.takesPods ? ["rome": 2, "milan": 2] : ["rome": 4]))
    }

    @Test("weights say how many pods an edge takes for each of another")
    func weights() throws {
        let nodes = try [TestCluster.node("rome"), TestCluster.node("milan"), TestCluster.node("paris", pods: 1)]
        var filled = scheduler(nodes, WaterFill(weights: ["rome": 2, "paris": 1000]))
        #expect(try fill(&filled, 7) == ["rome": 4, "milan": 2, "paris": 1])
    }

    @Test("a domain of several edges counts once, by the greatest of their weights")
    func zones() throws {
        let nodes = try [
            TestCluster.node("a", zone: "north"), TestCluster.node("b", zone: "north"),
            TestCluster.node("c", zone: "north"), TestCluster.node("d", zone: "south"),
        ]
        var filled = scheduler(nodes)
        let even = try fill(&filled, 8, over: "zone")
        #expect(even["d"] == 4)
        var uneven = scheduler(nodes, WaterFill(weights: ["d": 3]))
        #expect(try fill(&uneven, 8, over: "zone")["d"] == 6)
    }

    @Test("with fewer domains than asked for, the level is the ground")
    func minDomains() throws {
        var filled = try scheduler([TestCluster.node("rome"), TestCluster.node("milan")])
        var placed = 0
        for number in 0..<6 {
            let pending = try pod(number, minDomains: 3)
            guard let node = filled.node(for: pending) else { break }
            var pod = pending.asPlaced
            pod.node = node
            filled.snapshot.setPod(pod)
            placed += 1
        }
        #expect(placed == 2)
    }

    @Test("heights are measured in pods of weight 1, rounded up")
    func heights() {
        func domain(_ pods: Int, _ weight: Int) -> WaterLevel.Domain {
            WaterLevel.Domain(pods: pods, weight: weight, hasRoom: true)
        }
        #expect(domain(5, 1).height(above: domain(3, 1)) == 2)
        #expect(domain(3, 1).height(above: domain(5, 1)) == 0)
        #expect(domain(4, 2).height(above: domain(2, 1)) == 0)
        #expect(domain(5, 2).height(above: domain(2, 1)) == 1)
        #expect(domain(2, 1).height(above: domain(3, 2)) == 1)
        #expect(domain(3, 2).isBelow(domain(2, 1)) && !domain(4, 2).isBelow(domain(2, 1)))
        #expect(WaterLevel([WaterLevel.Domain(pods: 0, weight: 1, hasRoom: false)]) == nil)
    }

    @Test(
        "no pod waits for its constraint while some edge has room, whatever the edges",
        arguments: 1...40 as ClosedRange<UInt64>)
    func neverPending(seed: UInt64) throws {
        var numbers = SeededNumbers(seed: seed)
        var weights: [String: Int] = [:]
        var nodes: [SchedulingNode] = []
        for place in 0..<Int.random(in: 1...6, using: &numbers) {
            let name = "e\(place)"
            if Bool.random(using: &numbers) { weights[name] = Int.random(in: 1...5, using: &numbers) }
            nodes.append(
                try TestCluster.node(
                    name, zone: ["north", "south"].randomElement(using: &numbers),
                    pods: Int.random(in: 0...6, using: &numbers),
                    state: Int.random(in: 0..<5, using: &numbers) == 0 ? .suspect : .ready))
        }
        var filled = scheduler(nodes, WaterFill(weights: weights))
        let room = nodes.filter(\.state.takesPods).reduce(0) { $0 + $1.allocatablePods }
        let maxSkew = Int.random(in: 1...3, using: &numbers)
        let key = Bool.random(using: &numbers) ? Self.host : "zone"
        let placed = try fill(&filled, 100, maxSkew: maxSkew, over: key)
        #expect(placed.values.reduce(0, +) == room)
    }

    @Test(
        "with room everywhere and equal weights decisions are kube-scheduler's",
        arguments: 1...40 as ClosedRange<UInt64>)
    func ordinary(seed: UInt64) throws {
        var numbers = SeededNumbers(seed: seed)
        let nodes = try (0..<Int.random(in: 1...6, using: &numbers)).map {
            try TestCluster.node("e\($0)", zone: ["north", "south"].randomElement(using: &numbers))
        }
        var plain = scheduler(nodes, nil)
        var filled = scheduler(nodes)
        let key = Bool.random(using: &numbers) ? Self.host : "zone"
        for number in 0..<20 {
            let pending = try pod(number, maxSkew: Int.random(in: 1...3, using: &numbers), over: key)
            let (one, other) = (plain.decide(pending), filled.decide(pending))
            #expect(one.node == other.node)
            #expect(Set(one.evaluation.feasible.map(\.node)) == Set(other.evaluation.feasible.map(\.node)))
            // Where somebody else has put pods, too.
            let node = Bool.random(using: &numbers) ? one.node : nodes.randomElement(using: &numbers)?.name
            guard let node else { continue }
            var placed = pending.asPlaced
            placed.node = node
            plain.snapshot.setPod(placed)
            filled.snapshot.setPod(placed)
        }
    }
}
