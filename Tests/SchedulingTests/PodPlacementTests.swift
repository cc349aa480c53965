import JSONTree
import KubernetesModel
import Scheduling
import Testing

@Suite struct PodPlacementTests {
    private func pods(_ perNode: [String: Int], ready: Bool = true) -> [SurplusCandidate] {
        var pods: [SurplusCandidate] = []
        for (node, count) in perNode.sorted(by: { $0.key < $1.key }) {
            for number in 0..<count {
                pods.append(
                    SurplusCandidate(
                        name: "\(node)-\(number)", node: node, domains: [node], readySince: ready ? 100 : nil,
                        created: pods.count))
            }
        }
        return pods
    }

    private func remaining(_ pods: [SurplusCandidate], _ count: Int, maxSkew: Int = 1) -> [String: Int] {
        let gone = PodPlacement.surplus(of: pods, constraints: [SurplusConstraint(maxSkew: maxSkew)], count: count)
        return Dictionary(grouping: pods.filter { !gone.contains($0) }, by: \.node).mapValues(\.count)
    }

    @Test("scaling from 7 to 4 to 3 keeps the pods of two edges within one")
    func tutorial() {
        let seven = pods(["rome": 4, "milan": 3])
        #expect(remaining(seven, 3) == ["rome": 2, "milan": 2])
        let three = remaining(seven, 4)
        #expect(three == ["rome": 2, "milan": 1] || three == ["rome": 1, "milan": 2])
    }

    @Test("every intermediate step of a scale-down holds the skew", arguments: [1, 2, 3])
    func steps(maxSkew: Int) {
        let all = pods(["a": 5, "b": 5, "c": 4])
        for count in 0...all.count {
            let left = remaining(all, count, maxSkew: maxSkew)
            let counts = ["a", "b", "c"].map { left[$0] ?? 0 }
            #expect((counts.max() ?? 0) - (counts.min() ?? 0) <= maxSkew, "after \(count)")
        }
    }

    @Test("a pod that is not ready stays where its going would break the skew")
    func skewBeforeReadiness() {
        var all = pods(["a": 2, "b": 1])
        all[2].readySince = nil
        #expect(remaining(all, 1) == ["a": 1, "b": 1])
    }

    @Test("pods without a node go first")
    func unassigned() {
        let all = pods(["a": 2, "b": 1]) + [SurplusCandidate(name: "new", node: "", domains: [nil], phase: .pending)]
        let order = PodPlacement.surplus(of: all, constraints: [SurplusConstraint(maxSkew: 1)], count: 1)
        #expect(order.map(\.name) == ["new"])
    }

    @Test("without a constraint the order is Kubernetes' own")
    func kubernetesOrder() {
        let old = SurplusCandidate(name: "old", node: "a", domains: [], readySince: 10, created: 1)
        var all = [old]
        func variant(_ name: String, _ change: (inout SurplusCandidate) -> Void) {
            var copy = old
            copy.name = name
            change(&copy)
            all.append(copy)
        }
        variant("unready") { $0.readySince = nil }
        variant("pending") {
            $0.phase = .pending
            $0.readySince = nil
        }
        variant("unassigned") {
            $0.node = ""
            $0.phase = .pending
            $0.readySince = nil
        }
        variant("cheap") { $0.deletionCost = -1 }
        variant("younger") { $0.readySince = 20 }
        variant("restarted") { $0.restarts = 2 }
        variant("newer") { $0.created = 5 }
        let order = PodPlacement.surplus(of: all, constraints: [], count: all.count).map(\.name)
        #expect(order == ["unassigned", "pending", "unready", "cheap", "younger", "restarted", "newer", "old"])
    }

    @Test("without a constraint the fuller node loses first")
    func colocated() {
        let order = PodPlacement.surplus(of: pods(["a": 3, "b": 1]), constraints: [], count: 2)
        #expect(order.map(\.node) == ["a", "a"])
    }

    @Test("constraints and domains are read from pods and their nodes")
    func fromObjects() throws {
        let spec = """
            {"topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"zone","whenUnsatisfiable":"DoNotSchedule","labelSelector":{}}]}
            """
        let pods = try ["a1": "n1", "a2": "n2", "b1": "n3"].map { name, node in
            var pod = KubernetesObject(.pods, name: name, namespace: "d", ["spec": try JSON(parsing: spec)])
            pod.json["spec", "nodeName"] = .string(node)
            return pod
        }
        let zones = ["n1": "a", "n2": "a", "n3": "b"]
        let gone = PodPlacement.surplus(of: pods, labelsOfNode: { zones[$0].map { ["zone": $0] } }, count: 1)
        #expect(gone.count == 1)
        #expect(gone.allSatisfy { $0.name.hasPrefix("a") })
    }
}
