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

    /// A pod with a constraint over zones, of an app and a ReplicaSet.
    private func pod(_ name: String, on node: String, set: String = "old") throws -> KubernetesObject {
        let constraint = """
            {"maxSkew":1,"topologyKey":"zone","whenUnsatisfiable":"DoNotSchedule","labelSelector":{"matchLabels":{"app":"a"}}}
            """
        return KubernetesObject(
            .pods, name: name, namespace: "d",
            [
                "metadata": ["uid": .string(name), "labels": ["app": "a", "set": .string(set)]],
                "spec": [
                    "nodeName": .string(node), "topologySpreadConstraints": [try JSON(parsing: constraint)],
                ],
            ])
    }

    private func node(_ name: String, zone: String, _ state: EdgeState = .ready) -> KubernetesObject {
        KubernetesObject(
            .nodes, name: name,
            [
                "metadata": [
                    "labels": ["zone": .string(zone)], "annotations": [EdgeState.annotation: .string(state.rawValue)],
                ]
            ])
    }

    @Test("constraints and domains are read from pods and their nodes")
    func fromObjects() throws {
        let pods = [try pod("a1", on: "n1"), try pod("a2", on: "n2"), try pod("b1", on: "n3")]
        let nodes = ["n1": node("n1", zone: "a"), "n2": node("n2", zone: "a"), "n3": node("n3", zone: "b")]
        let gone = PodPlacement.surplus(of: pods, node: { nodes[$0] }, count: 1)
        #expect(gone.count == 1)
        #expect(gone.allSatisfy { $0.name.hasPrefix("a") })
    }

    @Test(
        "pods on an edge are domains of a scale-down just where they are for the scheduler",
        arguments: EdgeState.allCases)
    func domains(state: EdgeState) throws {
        // Three pods in a, two in b, and four on an edge that may be no domain.
        var pods = try (0..<4).map { try pod("c\($0)", on: "nc") }
        for (zone, count) in [("a", 3), ("b", 2)] {
            pods += try (0..<count).map { try pod("\(zone)\($0)", on: "n\(zone)") }
        }
        let nodes = ["na": node("na", zone: "a"), "nb": node("nb", zone: "b"), "nc": node("nc", zone: "c", state)]
        let gone = try #require(PodPlacement.surplus(of: pods, node: { nodes[$0] }, count: 1).first)
        if state.isSpreadDomain {
            #expect(gone.name.hasPrefix("c"))
        } else {
            // Whoever goes, a and b stay within one.
            #expect(!gone.name.hasPrefix("b"))
        }
    }

    @Test("the pods of the ReplicaSet that a rollout grows beside count in the skew")
    func rollout() throws {
        let old = [try pod("a-old", on: "na"), try pod("b-old", on: "nb")]
        let nodes = ["na": node("na", zone: "a"), "nb": node("nb", zone: "b")]
        for zone in ["a", "b"] {
            let new = try pod("\(zone)-new", on: "n\(zone)", set: "new")
            var ending = try pod("ending", on: zone == "a" ? "nb" : "na", set: "new")
            ending.json["metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z"
            let gone = PodPlacement.surplus(of: old, among: old + [new, ending], node: { nodes[$0] }, count: 1)
            #expect(gone.map(\.name) == ["\(zone)-old"])
        }
    }
}
