import JSONTree
import KubernetesModel
import Scheduling
import Testing

@Suite struct ClusterSnapshotTests {
    @Test("counts kept through any changes are those of a snapshot made anew", arguments: 1...20 as ClosedRange<UInt64>)
    func incremental(seed: UInt64) throws {
        var random = SeededNumbers(seed: seed)
        var scheduler = SpreadScheduler()
        var nodes: [String: SchedulingNode] = [:]
        var pods: [ObjectKey: PlacedPod] = [:]
        let probes = try ["zone", "kubernetes.io/hostname"].flatMap { key in
            try ["a", "b"].flatMap { app in
                try ["Ignore", "Honor"].map {
                    try PendingPod(TestCluster.pod("probe", app: app, spreadOver: key, taints: $0))
                }
            }
        }
        for step in 0..<300 {
            let name = "n\(Int.random(in: 0..<6, using: &random))"
            let podName = "p\(Int.random(in: 0..<25, using: &random))"
            switch Int.random(in: 0..<10, using: &random) {
            case 0, 1:
                let zone = ["x", "y", "z", nil].randomElement(using: &random) ?? nil
                let state = EdgeState.allCases.randomElement(using: &random) ?? .ready
                let node = try TestCluster.node(name, zone: zone, state: Bool.random(using: &random) ? .ready : state)
                nodes[name] = node
                scheduler.snapshot.setNode(node)
            case 2:
                nodes[name] = nil
                scheduler.snapshot.removeNode(name)
            case 3, 4:
                let key = ObjectKey(namespace: "d", name: podName)
                pods[key] = nil
                scheduler.snapshot.removePod(key)
            default:
                var pod = TestCluster.pod(podName, app: Bool.random(using: &random) ? "a" : "b")
                if Int.random(in: 0..<8, using: &random) == 0 {
                    pod.json["metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z"
                }
                let placed = TestCluster.placed(pod, on: name)
                pods[placed.key] = placed
                scheduler.snapshot.setPod(placed)
            }
            guard step % 5 == 0 else { continue }
            var fresh = SpreadScheduler()
            for node in nodes.values { fresh.snapshot.setNode(node) }
            for pod in pods.values { fresh.snapshot.setPod(pod) }
            for probe in probes {
                let kept = SchedulingCase.outcome(scheduler.evaluate(probe))
                #expect(kept == SchedulingCase.outcome(fresh.evaluate(probe)), "step \(step)")
            }
        }
    }

    @Test("only changes that a decision could notice are changes")
    func changes() throws {
        var snapshot = ClusterSnapshot()
        let noticed = [
            snapshot.setNode(try TestCluster.node("a")), snapshot.setNode(try TestCluster.node("a")),
            snapshot.setNode(try TestCluster.node("a", state: .draining)), snapshot.removeNode("a"),
            snapshot.removeNode("a"),
        ]
        #expect(noticed == [true, false, true, true, false])
        #expect(snapshot.nodeCount == 0)
    }

    @Test("pods that came before their node count when it comes")
    func podsFirst() throws {
        var snapshot = ClusterSnapshot()
        snapshot.setPod(TestCluster.placed(TestCluster.pod("p"), on: "a"))
        snapshot.setNode(try TestCluster.node("a"))
        #expect(snapshot.node("a")?.load.pods == 1)
        #expect(snapshot.pods(on: "a").map(\.key.name) == ["p"])
        snapshot.removePod(ObjectKey(namespace: "d", name: "p"))
        #expect(snapshot.node("a")?.load.pods == 0)
        #expect(snapshot.node("a")?.load.requests.isZero == true)
    }
}
