import JSONTree
import KubernetesModel
import Scheduling
import Testing

@Suite("What would happen to a workload's pods") struct PlacementPlanTests {
    private func node(_ name: String, cpu: String = "4", pods: Int = 110, _ state: EdgeState = .ready)
        -> KubernetesObject
    {
        KubernetesObject(
            .nodes, name: name,
            [
                "metadata": [
                    "labels": ["kubernetes.io/hostname": .string(name)],
                    "annotations": [EdgeState.annotation: .string(state.rawValue)],
                ],
                "status": ["allocatable": ["cpu": .string(cpu), "memory": "8Gi", "pods": .string("\(pods)")]],
            ])
    }

    private func pod(_ name: String, on node: String? = nil, cpu: String = "100m", hard: Bool = true)
        -> KubernetesObject
    {
        var pod = TestCluster.pod(name, cpu: cpu, spreadOver: hard ? "kubernetes.io/hostname" : nil)
        if let node { pod.json["spec", "nodeName"] = .string(node) }
        pod.json["metadata", "uid"] = .string(name)
        return pod
    }

    private func question(
        _ nodes: [KubernetesObject], _ pods: [KubernetesObject], replicas: Int, template: KubernetesObject? = nil
    ) -> PlacementQuestion {
        PlacementQuestion(nodes: nodes, pods: pods, template: template ?? pod("t"), replicas: replicas) {
            $0.label("app") == "a"
        }
    }

    private let running: [(String, String)] = [("p1", "rome"), ("p2", "rome"), ("p3", "milan")]
    private var pods: [KubernetesObject] { running.map { pod($0.0, on: $0.1) } }

    @Test("more replicas go where the scheduler puts them, and nobody moves")
    func more() throws {
        let plan = try question([node("rome"), node("milan")], pods, replicas: 6).answer()
        #expect(plan.now == ["rome": 2, "milan": 1])
        #expect(plan.then == ["rome": 3, "milan": 3])
        #expect(plan.moves.isEmpty && plan.surplus.isEmpty && plan.pending.isEmpty)
        #expect(plan.newPods.count == 3)
        // The first one can go to one edge only, by the skew.
        let first = try #require(plan.newPods.first?.explanation)
        #expect(first.node == "milan" && first.runnerUp == nil)
        #expect(first.reasons.map(\.verdict) == [.chosen, .refused])
        #expect(first.reasons.last?.text == "node(s) didn't match pod topology spread constraints")
        // The second may go to both.
        let second = plan.newPods[1].explanation
        #expect(Set([second.node, second.runnerUp]) == ["rome", "milan"])
        #expect(plan.spreads.map(\.domains) == [["rome": 3, "milan": 3]])
        #expect(plan.spreads.first?.skew == 0)
    }

    @Test("pods without constraints are spread among their workload, and namespaces are selected by their labels")
    func workload() throws {
        let nodes = [node("rome", cpu: "64"), node("milan")]
        let here = [pod("p1", on: "rome", hard: false)]
        var question = question(nodes, here, replicas: 2, template: pod("t", cpu: "1", hard: false))
        #expect(try question.answer().then == ["rome": 2, "milan": 0])
        question.workload = LabelSelector(matchLabels: ["app": "a"])
        let spread = try question.answer()
        #expect(spread.then == ["rome": 1, "milan": 1])
        #expect(spread.spreads.isEmpty)
        question.template.json["spec", "affinity"] = [
            "podAntiAffinity": [
                "requiredDuringSchedulingIgnoredDuringExecution": [
                    [
                        "topologyKey": "kubernetes.io/hostname", "labelSelector": .object(JSONObject()),
                        "namespaceSelector": ["matchLabels": ["team": "x"]],
                    ]
                ]
            ]
        ]
        question.replicas = 3
        #expect(try question.answer().pending.isEmpty)
        question.namespaces = [
            KubernetesObject(.namespaces, name: "d", ["metadata": ["labels": ["team": "x"]]])
        ]
        #expect(try question.answer().pending.count == 1)
    }

    @Test("without an edge exactly its pods move")
    func without() throws {
        var question = question([node("rome"), node("milan"), node("paris")], pods, replicas: 3)
        question.without = ["rome"]
        let plan = try question.answer()
        #expect(plan.then == ["milan": 1 + 0, "paris": 2] || plan.then == ["milan": 2, "paris": 1])
        #expect(plan.moves.map(\.replaces) == ["p1", "p2"])
        #expect(plan.moves.map(\.from) == ["rome", "rome"])
        #expect(plan.now == ["rome": 2, "milan": 1, "paris": 0])
        #expect(plan.spreads.first?.skew == 1)
    }

    @Test("with one more edge new pods fill it, and what runs stays")
    func with() throws {
        var question = question([node("rome"), node("milan")], pods, replicas: 5)
        question.with = [node("paris")]
        let plan = try question.answer()
        #expect(plan.then == ["rome": 2, "milan": 1, "paris": 2] || plan.then == ["rome": 2, "milan": 2, "paris": 1])
        #expect(plan.now["paris"] == nil)
        #expect(plan.moves.isEmpty)
    }

    @Test("what stays Pending is told with the reason and the edge that sets the minimum")
    func pending() throws {
        let full = node("milan", pods: 1)
        let plan = try question([node("rome"), full], pods, replicas: 4).answer()
        #expect(plan.pending.count == 1)
        let pod = try #require(plan.pending.first)
        #expect(
            pod.explanation.failure
                == "0/2 nodes are available: 1 Too many pods, 1 node(s) didn't match pod topology spread constraints.")
        #expect(pod.limitedBy == ["milan"])
        let large = try question([node("rome", cpu: "1")], [], replicas: 1, template: self.pod("t", cpu: "2")).answer()
        #expect(large.pending.first?.explanation.failure == "0/1 nodes are available: 1 Insufficient cpu.")
        #expect(large.pending.first?.limitedBy == [])
    }

    @Test("a namespace that is filled like water has its skew measured against the level")
    func filled() throws {
        var question = question([node("rome"), node("milan", pods: 1), node("paris")], [], replicas: 7)
        #expect(try question.answer().pending.count == 2)
        question.fill = WaterFill(weights: ["rome": 2])
        let plan = try question.answer()
        #expect(plan.pending.isEmpty && plan.then == ["rome": 4, "milan": 1, "paris": 2])
        #expect(plan.spreads.map(\.full) == [["milan"]])
        #expect(plan.spreads.map(\.skew) == [0])
    }

    @Test("where pods are rebalanced the plan says what moves to an edge that joins, and how it is then")
    func rebalancing() throws {
        var question = question([node("rome"), node("milan")], pods + [pod("p4", on: "milan")], replicas: 4)
        question.with = [node("paris")]
        #expect(try question.answer().then == ["rome": 2, "milan": 2, "paris": 0])
        question.rebalances = true
        let plan = try question.answer()
        #expect(plan.rebalancing.map(\.to) == ["paris"])
        #expect(plan.then["paris"] == 1 && plan.spreads.map(\.skew) == [1])
        question.replicas = 6
        let more = try question.answer()
        // New pods fill the edge, and nothing need move.
        #expect(more.then == ["rome": 2, "milan": 2, "paris": 2] && more.rebalancing.isEmpty)
    }

    @Test("fewer replicas leave the skew whole")
    func fewer() throws {
        let all = pods + [pod("p4", on: "milan")]
        let plan = try question([node("rome"), node("milan")], all, replicas: 2).answer()
        #expect(plan.then == ["rome": 1, "milan": 1])
        #expect(plan.surplus.count == 2 && plan.newPods.isEmpty)
    }

    @Test("an edge that is no domain takes nothing and holds nothing up", arguments: EdgeState.allCases)
    func states(state: EdgeState) throws {
        let plan = try question([node("rome"), node("milan"), node("paris", state)], pods, replicas: 6).answer()
        if !state.takesPods { #expect(plan.then["paris"] == 0) }
        #expect(plan.pending.isEmpty == (state.takesPods || !state.isSpreadDomain))
    }

    @Test("pods without a node, ended ones and those on their way out are not counted as placed")
    func others() throws {
        var ended = pod("ended", on: "rome")
        ended.status = ["phase": "Succeeded"]
        var going = pod("going", on: "rome")
        going.json["metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z"
        let plan = try question([node("rome")], [ended, going, pod("waiting")], replicas: 1).answer()
        #expect(plan.now == ["rome": 0] && plan.then == ["rome": 1])
    }

    @Test("the plan is what the scheduler then does", arguments: 1...20 as ClosedRange<UInt64>)
    func faithful(seed: UInt64) throws {
        var numbers = SeededNumbers(seed: seed)
        let names = (0..<Int.random(in: 1...5, using: &numbers)).map { "e\($0)" }
        let nodes = names.map { node($0, cpu: "\(Int.random(in: 1...4, using: &numbers))") }
        let template = pod("t", cpu: "300m", hard: Bool.random(using: &numbers))
        var question = question(nodes, [], replicas: 8, template: template)
        question.seed = seed
        let plan = try question.answer()
        var scheduler = SpreadScheduler(seed: seed)
        for node in nodes { scheduler.snapshot.setNode(SchedulingNode(node)) }
        var counts = Dictionary(uniqueKeysWithValues: names.map { ($0, 0) })
        for number in 0..<8 {
            var pod = template
            pod.json["metadata", "name"] = .string("real\(number)")
            let pending = try PendingPod(pod)
            guard let node = scheduler.node(for: pending) else { continue }
            var placed = pending.asPlaced
            placed.node = node
            scheduler.snapshot.setPod(placed)
            counts[node, default: 0] += 1
        }
        #expect(plan.then == counts)
    }
}
