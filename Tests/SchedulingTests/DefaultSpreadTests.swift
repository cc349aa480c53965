import JSONTree
import KubernetesModel
import Scheduling
import Testing

@Suite struct DefaultSpreadTests {
    private let workload = LabelSelector([.init(key: "app", operator: .in, values: ["a"])])

    private func node(_ name: String, zone: String?) -> SchedulingNode {
        var labels = ["kubernetes.io/hostname": name]
        labels["topology.kubernetes.io/zone"] = zone
        return SchedulingNode(
            name: name, labels: labels, allocatable: ResourceCounts(milliCPU: 64_000, memory: 64 << 30),
            allocatablePods: 110)
    }

    @Test("pods of a workload without constraints are spread over zones and hosts; others are not")
    func spread() throws {
        var scheduler = SpreadScheduler()
        for name in ["a1", "a2", "b1"] { scheduler.snapshot.setNode(node(name, zone: String(name.prefix(1)))) }
        for number in 0..<4 {
            scheduler.snapshot.setPod(TestCluster.placed(TestCluster.pod("x\(number)"), on: "a1"))
        }
        let pod = TestCluster.pod("p")
        let spread = scheduler.decide(try PendingPod(pod, workload: workload))
        #expect(spread.node == "b1")
        #expect(spread.evaluation.feasible.allSatisfy { $0.scores["PodTopologySpread"] != nil })
        #expect(
            scheduler.decide(try PendingPod(pod)).evaluation.feasible.allSatisfy {
                $0.scores["PodTopologySpread"] == nil
            })
    }

    @Test("own constraints stand in place of the defaults")
    func ownConstraints() throws {
        let pod = try PendingPod(TestCluster.pod("p", spreadOver: "zone"), workload: workload)
        #expect(pod.constraints.map(\.topologyKey) == ["zone"])
        #expect(pod.constraints.allSatisfy { !$0.isDefault })
    }

    @Test("nodes without a zone are scored by their host alone, as one more domain")
    func withoutZone() throws {
        var scheduler = SpreadScheduler()
        scheduler.snapshot.setNode(node("a1", zone: "a"))
        scheduler.snapshot.setNode(node("none", zone: nil))
        for (number, name) in ["a1", "none", "none"].enumerated() {
            scheduler.snapshot.setPod(TestCluster.placed(TestCluster.pod("x\(number)"), on: name))
        }
        let evaluation = scheduler.evaluate(try PendingPod(TestCluster.pod("p"), workload: workload))
        let scores = Dictionary(
            uniqueKeysWithValues: evaluation.feasible.map { ($0.node, $0.scores["PodTopologySpread"]) })
        // a1: 1·ln 4 + 2 by zone and 1·ln 4 + 4 by host, rounded 9; none: 2·ln 4 + 4 by host, rounded 7.
        #expect(scores == ["a1": 154, "none": 200])
    }

    @Test("images on nodes draw pods, the more the more nodes have them")
    func images() throws {
        func node(_ name: String, _ images: [String: Int]) -> SchedulingNode {
            SchedulingNode(
                name: name, labels: [:], allocatable: ResourceCounts(milliCPU: 4000, memory: 8 << 30),
                allocatablePods: 110, images: images)
        }
        var scheduler = SpreadScheduler()
        let bytes = 600 << 20
        scheduler.snapshot.setNode(node("a", ["big:latest": bytes]))
        scheduler.snapshot.setNode(node("b", [:]))
        var pod = TestCluster.pod("p")
        pod.json["spec", "containers"] = [["name": "c", "image": "big"]]
        let pending = try PendingPod(pod)
        func score(_ name: String) -> Int? {
            scheduler.evaluate(pending).feasible.first { $0.node == name }?.scores["ImageLocality"]
        }
        // Half of the nodes have it: 300 MiB count, of 23 to 1,000.
        #expect(score("a") == 28)
        #expect(score("b") == 0)
        #expect(scheduler.node(for: pending) == "a")
        scheduler.snapshot.setNode(node("b", ["big:latest": bytes]))
        #expect(score("a") == 59)
        scheduler.snapshot.removeNode("a")
        scheduler.snapshot.setNode(node("b", [:]))
        #expect(score("b") == nil)
    }
}
