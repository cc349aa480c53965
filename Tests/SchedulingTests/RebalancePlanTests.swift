import JSONTree
import KubernetesModel
import Testing

@testable import Scheduling

@Suite("Pods that move to edges that joined or returned") struct RebalancePlanTests {
    private static let host = "kubernetes.io/hostname"

    private func pods(_ counts: [(String, Int)], maxSkew: Int? = nil, over key: String = host) -> [KubernetesObject] {
        counts.flatMap { node, count in
            (0..<count).map { number in
                var pod = TestCluster.pod("\(node)-\(number)")
                pod.json["spec", "nodeName"] = .string(node)
                pod.json["metadata", "uid"] = .string("\(node)-\(number)")
                if let maxSkew {
                    pod.json["spec", "topologySpreadConstraints"] = [
                        [
                            "maxSkew": JSON(maxSkew), "topologyKey": .string(key), "whenUnsatisfiable": "DoNotSchedule",
                            "labelSelector": ["matchLabels": ["app": "a"]],
                        ]
                    ]
                }
                return pod
            }
        }
    }

    private func question(_ nodes: [SchedulingNode], _ pods: [KubernetesObject]) -> RebalanceQuestion {
        let selector = LabelSelector([.init(key: "app", operator: .in, values: ["a"])])
        return RebalanceQuestion(
            nodes: nodes, pods: pods, workloads: [.init(name: "w", selector: selector, pods: pods)])
    }

    private func after(_ moves: [RebalanceMove], _ counts: [(String, Int)]) -> [String: Int] {
        var result = Dictionary(uniqueKeysWithValues: counts)
        for move in moves {
            result[move.from, default: 0] -= 1
            result[move.to, default: 0] += 1
        }
        return result
    }

    @Test("are as few as bring the spread back, and none where it holds")
    func fewest() throws {
        let nodes = try ["a", "b", "c"].map { try TestCluster.node($0) }
        #expect(question(nodes, pods([("a", 3), ("b", 3)])).answer().count == 2)
        #expect(question(nodes, pods([("a", 2), ("b", 1)])).answer().count == 1)
        #expect(question(nodes, pods([("a", 1), ("b", 1)])).answer().isEmpty)
        #expect(question(nodes, pods([("a", 3), ("b", 3)], maxSkew: 3)).answer().isEmpty)
        #expect(question(nodes, pods([("a", 4), ("b", 4)], maxSkew: 3)).answer().count == 1)
        let move = try #require(question(nodes, pods([("a", 2), ("b", 1)])).answer().first)
        #expect(move.from == "a" && move.to == "c" && move.counts == (2, 0) && move.topologyKey == Self.host)
    }

    @Test("go to edges with room only, and take the old pod's room for taken until the new one is there")
    func room() throws {
        let nodes = try [
            TestCluster.node("a"), TestCluster.node("b"), TestCluster.node("c", pods: 1),
            TestCluster.node("d", state: .suspect),
        ]
        let moves = question(nodes, pods([("a", 6), ("b", 6)], maxSkew: 1)).answer()
        #expect(moves.map(\.to) == ["c"])
        #expect(
            try question([TestCluster.node("a"), TestCluster.node("b", pods: 0)], pods([("a", 5)])).answer().isEmpty)
    }

    @Test("leave pods alone that moved a short while ago")
    func resting() throws {
        let all = pods([("a", 3), ("b", 1)])
        var question = try question([TestCluster.node("a"), TestCluster.node("b"), TestCluster.node("c")], all)
        question.workloads[0].resting = Set(all.prefix(2).map(\.key))
        #expect(question.answer().map(\.pod.name) == ["a-2"])
        question.workloads[0].resting = Set(all.map(\.key))
        #expect(question.answer().isEmpty)
    }

    @Test("follow the weights of a namespace that is filled like water")
    func weights() throws {
        let counts = [("a", 6), ("b", 0)]
        var question = try question([TestCluster.node("a"), TestCluster.node("b")], pods(counts, maxSkew: 1))
        question.fill = WaterFill(weights: ["a": 2])
        #expect(
            after(question.answer(), counts) == ["a": 5, "b": 1]
                || after(question.answer(), counts) == ["a": 4, "b": 2])
    }

    @Test("balance zones where that is what the pods are spread over")
    func zones() throws {
        let nodes = try [
            TestCluster.node("a", zone: "north"), TestCluster.node("b", zone: "north"),
            TestCluster.node("c", zone: "south"),
        ]
        let counts = [("a", 2), ("b", 2)]
        let moves = question(nodes, pods(counts, maxSkew: 1, over: "zone")).answer()
        #expect(moves.count == 2 && Set(moves.map(\.to)) == ["c"])
    }

    @Test("never make another constraint worse")
    func constraints() throws {
        let nodes = try [
            TestCluster.node("a", zone: "north"), TestCluster.node("b", zone: "south"),
            TestCluster.node("c", zone: "north"),
        ]
        var all = pods([("a", 2), ("b", 2)], maxSkew: 1)
        for place in all.indices {
            all[place].json["spec", "topologySpreadConstraints"] = .array(
                [Self.host, "zone"].map { key in
                    [
                        "maxSkew": 1, "topologyKey": .string(key), "whenUnsatisfiable": "DoNotSchedule",
                        "labelSelector": ["matchLabels": ["app": "a"]],
                    ]
                })
        }
        // From b it would bring three to the north and leave one in the south.
        let moves = question(nodes, all).answer()
        #expect(moves.map(\.from) == ["a"] && moves.map(\.to) == ["c"])
    }

    @Test(
        "are no more than any plan needs, and leave no skew, whatever the clusters (I5)",
        arguments: 1...80 as ClosedRange<UInt64>)
    func property(seed: UInt64) throws {
        var numbers = SeededNumbers(seed: seed)
        let names = ["a", "b", "c", "d", "e"].prefix(Int.random(in: 1...5, using: &numbers))
        let counts = names.map { ($0, Int.random(in: 0...7, using: &numbers)) }
        let maxSkew = Int.random(in: 1...3, using: &numbers)
        let all = pods(counts, maxSkew: maxSkew)
        guard !all.isEmpty else { return }
        let moves = question(try names.map { try TestCluster.node($0) }, all).answer()
        let result = after(moves, counts)
        #expect((result.values.max() ?? 0) - (result.values.min() ?? 0) <= maxSkew)
        #expect(Set(moves.map(\.pod)).count == moves.count, "no pod moves twice")
        // The fewest: for each allowed band, what stands above it has to go and what is missing below has to come.
        let least = (0...40).map { bottom in
            max(
                counts.reduce(0) { $0 + max(0, $1.1 - bottom - maxSkew) },
                counts.reduce(0) { $0 + max(0, bottom - $1.1) })
        }.min()
        #expect(moves.count == least)
    }
}
