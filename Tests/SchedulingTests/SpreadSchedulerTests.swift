import JSONTree
import KubernetesModel
import Scheduling
import Testing

@Suite struct SpreadSchedulerTests {
    /// Places pods one after the other, as the loop does, and says on which nodes they are.
    private func place(_ pods: [KubernetesObject], with scheduler: inout SpreadScheduler) throws -> [String: Int] {
        var counts: [String: Int] = [:]
        for pod in pods {
            guard let node = scheduler.decide(try PendingPod(pod)).node else { continue }
            scheduler.snapshot.setPod(TestCluster.placed(pod, on: node))
            counts[node, default: 0] += 1
        }
        return counts
    }

    private func node(for pod: KubernetesObject, _ scheduler: SpreadScheduler) throws -> String? {
        var copy = scheduler
        return copy.decide(try PendingPod(pod)).node
    }

    private func pods(_ count: Int, spreadOver key: String? = "kubernetes.io/hostname") -> [KubernetesObject] {
        (0..<count).map { TestCluster.pod("p\($0)", spreadOver: key) }
    }

    @Test("nodes that a pod's affinity does not name are refused in the words kube-scheduler has for them")
    func namedNodes() throws {
        var scheduler = SpreadScheduler()
        for name in ["a", "b", "c"] { scheduler.snapshot.setNode(try TestCluster.node(name, cpu: "1")) }
        func message(_ terms: [[String]]) throws -> String {
            var pod = TestCluster.pod("p", cpu: "2")
            let json = terms.map { names -> JSON in
                let fields = names.map { name -> JSON in
                    ["key": "metadata.name", "operator": "In", "values": [.string(name)]]
                }
                return ["matchFields": .array(fields)]
            }
            pod.json["spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"] = [
                "nodeSelectorTerms": .array(json)
            ]
            return scheduler.evaluate(try PendingPod(pod)).failureMessage
        }
        #expect(
            try message([["a"]])
                == "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't satisfy plugin(s) [NodeAffinity].")
        #expect(
            try message([["a"], ["b"]])
                == "0/3 nodes are available: 1 node(s) didn't satisfy plugin(s) [NodeAffinity], 2 Insufficient cpu.")
        #expect(try message([["a", "b"]]) == "0/3 nodes are available: pod affinity terms conflict.")
    }

    @Test("pods under maxSkew 1 never differ by more than one", arguments: [1, 2, 3, 4, 7, 20])
    func spread(replicas: Int) throws {
        var scheduler = SpreadScheduler()
        for name in ["rome", "milan", "bari"] { scheduler.snapshot.setNode(try TestCluster.node(name)) }
        let counts = try place(pods(replicas), with: &scheduler)
        #expect(counts.values.reduce(0, +) == replicas)
        #expect((counts.values.max() ?? 0) - (counts.count < 3 ? 0 : counts.values.min() ?? 0) <= 1)
    }

    @Test("an edge that takes no pods and is a domain holds the others back; one that is no domain does not")
    func edgeStates() throws {
        for state in EdgeState.allCases where state != .ready {
            var scheduler = SpreadScheduler()
            scheduler.snapshot.setNode(try TestCluster.node("rome"))
            scheduler.snapshot.setNode(try TestCluster.node("milan", state: state))
            let counts = try place(pods(3), with: &scheduler)
            #expect(counts == ["rome": state.isSpreadDomain ? 1 : 3], "\(state)")
        }
    }

    @Test("an edge that is lost stops counting, and counts again when it is back")
    func edgeReturns() throws {
        var scheduler = SpreadScheduler()
        scheduler.snapshot.setNode(try TestCluster.node("rome"))
        scheduler.snapshot.setNode(try TestCluster.node("milan"))
        _ = try place(pods(2), with: &scheduler)
        scheduler.snapshot.setNode(try TestCluster.node("milan", state: .lost))
        #expect(
            try node(for: TestCluster.pod("x", spreadOver: "kubernetes.io/hostname"), scheduler) == "rome")
        scheduler.snapshot.setPod(TestCluster.placed(TestCluster.pod("x"), on: "rome"))
        scheduler.snapshot.setNode(try TestCluster.node("milan"))
        #expect(
            try node(for: TestCluster.pod("y", spreadOver: "kubernetes.io/hostname"), scheduler) == "milan"
        )
    }

    @Test("the failure message counts nodes by reason, as Kubernetes words and sorts it")
    func message() throws {
        var scheduler = SpreadScheduler()
        let nobody = scheduler.evaluate(try PendingPod(TestCluster.pod("p")))
        #expect(nobody.failureMessage == "no nodes available to schedule pods")
        scheduler.snapshot.setNode(try TestCluster.node("a", cpu: "1"))
        scheduler.snapshot.setNode(try TestCluster.node("b", cpu: "1", pods: 0))
        scheduler.snapshot.setNode(try TestCluster.node("c", state: .suspect))
        let decision = scheduler.decide(try PendingPod(TestCluster.pod("p", cpu: "2")))
        #expect(decision.node == nil)
        #expect(
            decision.evaluation.failureMessage
                == "0/3 nodes are available: 1 Too many pods, 1 node(s) belonged to an edge that is Suspect, 2 Insufficient cpu."
        )
        #expect(decision.evaluation.refusingPlugins == ["NodeResourcesFit", "EdgeStanding"])
    }

    @Test("a node that rejected the pod is left out, with the reason")
    func exclusion() throws {
        var scheduler = SpreadScheduler()
        scheduler.snapshot.setNode(try TestCluster.node("a"))
        let pod = try PendingPod(TestCluster.pod("p"))
        let evaluation = scheduler.evaluate(pod, excluding: ["a": "out of disk"])
        #expect(evaluation.failureMessage == "0/1 nodes are available: 1 node(s) rejected the pod: out of disk.")
    }

    @Test("host ports keep pods apart, address by address")
    func hostPorts() throws {
        func pod(_ name: String, _ address: String) -> KubernetesObject {
            var pod = TestCluster.pod(name)
            pod.json["spec", "containers"] = [["ports": [["hostPort": 80, "hostIP": .string(address)]]]]
            return pod
        }
        var scheduler = SpreadScheduler()
        scheduler.snapshot.setNode(try TestCluster.node("a"))
        scheduler.snapshot.setPod(TestCluster.placed(pod("p", "10.0.0.1"), on: "a"))
        #expect(try node(for: pod("q", "10.0.0.2"), scheduler) == "a")
        #expect(try node(for: pod("q", "10.0.0.1"), scheduler) == nil)
        #expect(try node(for: pod("q", ""), scheduler) == nil)
        scheduler.snapshot.removePod(ObjectKey(namespace: "d", name: "p"))
        #expect(try node(for: pod("q", ""), scheduler) == "a")
    }

    @Test("ties go to the emptier node, then the same way for the same seed")
    func ties() throws {
        func nodes(seed: UInt64) throws -> [String?] {
            var scheduler = SpreadScheduler(seed: seed)
            for number in 0..<8 { scheduler.snapshot.setNode(try TestCluster.node("n\(number)")) }
            return try (0..<8).map { try node(for: TestCluster.pod("p\($0)"), scheduler) }
        }
        #expect(try nodes(seed: 1) == nodes(seed: 1))
        #expect(try Set((1...8).map { try nodes(seed: $0) }).count > 2)
        var scheduler = SpreadScheduler()
        for name in ["a", "b", "c"] { scheduler.snapshot.setNode(try TestCluster.node(name)) }
        #expect(
            try place((0..<6).map { TestCluster.pod("p\($0)", cpu: "0") }, with: &scheduler) == [
                "a": 2, "b": 2, "c": 2,
            ])
    }

    @Test("what is malformed in a pod is named")
    func malformed() throws {
        var pod = TestCluster.pod("p", spreadOver: "zone")
        pod.json["spec", "topologySpreadConstraints"] = [["topologyKey": "zone"]]
        #expect {
            try PendingPod(pod)
        } throws: { error in
            (error as? JSONError)?.message == "spec.topologySpreadConstraints[0].maxSkew: missing"
        }
    }
}
