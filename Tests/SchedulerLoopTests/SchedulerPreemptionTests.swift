import JSONTree
import KubernetesModel
import Scheduling
import Testing

@testable import SchedulerLoop

@Suite struct SchedulerPreemptionTests {
    private func state(nodes: [String] = ["a"], pods: Int = 1) -> SchedulerState {
        var state = SchedulerState(SchedulerConfiguration(firstBackOff: .seconds(1)))
        for name in nodes {
            let room = ResourceCounts(milliCPU: 1000, memory: 1 << 30)
            state.nodeChanged(
                SchedulingNode(name: name, labels: ["host": name], allocatable: room, allocatablePods: pods),
                now: .zero)
        }
        return state
    }

    private func pod(
        _ name: String, priority: Int, node: String? = nil, nominated: String? = nil, isEnding: Bool = false
    ) -> KubernetesObject {
        var pod = KubernetesObject(
            .pods, name: name, namespace: "d",
            [
                "metadata": ["uid": .string("uid-\(name)"), "labels": ["app": .string(name)]],
                "spec": ["priority": JSON(priority), "containers": [["name": "c"]]],
            ])
        if let node { pod.json["spec", "nodeName"] = .string(node) }
        if let nominated { pod.json["status", "nominatedNodeName"] = .string(nominated) }
        if isEnding { pod.json["metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z" }
        return pod
    }

    /// What is done about the next pod, in short.
    private func step(_ state: inout SchedulerState, at seconds: Int = 0) -> String? {
        guard let pod = state.next(now: .seconds(seconds)) else { return nil }
        switch state.decide(pod, excluding: [:], now: .seconds(seconds)) {
        case .bind(let pod, let node): return "\(pod.name)→\(node)"
        case .report(let pod, let verdict): return "\(pod.name): \(verdict.message)"
        case .preempt(let pod, let verdict, let room):
            #expect(verdict.nomination == .node(room.node))
            let displaced = room.displaced.isEmpty ? "" : ", not \(room.displaced.map(\.name))"
            return "\(pod.name) ends \(room.victims.map(\.name)) on \(room.node)\(displaced)"
        case nil: return nil
        }
    }

    private let full = "0/1 nodes are available: 1 Too many pods."
    private let hopeless =
        " no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod."

    @Test("a pod ends a less important one, waits until it has gone, and gets its room")
    func preempts() {
        var state = state()
        state.podChanged(pod("low", priority: 1, node: "a"), now: .zero)
        let high = pod("high", priority: 2)
        state.podChanged(high, now: .zero)
        #expect(step(&state) == "high ends [\"low\"] on a")
        // Until that is under way nothing is decided about it again, whatever happens.
        state.podChanged(pod("high", priority: 2, nominated: "a"), now: .seconds(2))
        #expect(step(&state, at: 5) == nil)
        state.preemptionEnded(high, ended: [ObjectKey(namespace: "d", name: "low")], now: .seconds(5))
        #expect(
            step(&state, at: 6) == "high: \(full) no new claims to deallocate, preemption: not eligible due to a"
                + " terminating pod on the nominated node.")
        // Nobody else gets the room.
        state.podRemoved(ObjectKey(namespace: "d", name: "low"), now: .seconds(7))
        state.podChanged(pod("other", priority: 1), now: .seconds(7))
        #expect(step(&state, at: 7) == "other: \(full)\(hopeless)")
        #expect(step(&state, at: 9) == "high→a")
    }

    @Test("victims that could not be told to end are tried again")
    func failedPreemption() {
        var state = state()
        state.podChanged(pod("low", priority: 1, node: "a"), now: .zero)
        let high = pod("high", priority: 2)
        state.podChanged(high, now: .zero)
        #expect(step(&state) == "high ends [\"low\"] on a")
        state.preemptionEnded(high, ended: [], now: .zero)
        #expect(step(&state) == nil)
        #expect(step(&state, at: 1) == "high ends [\"low\"] on a")
    }

    @Test("a pod that goes while it is given room leaves the room to others")
    func goneWhilePreempting() {
        var state = state()
        state.podChanged(pod("low", priority: 1, node: "a"), now: .zero)
        let high = pod("high", priority: 2)
        state.podChanged(high, now: .zero)
        #expect(step(&state) == "high ends [\"low\"] on a")
        state.podRemoved(high.key, now: .zero)
        state.preemptionEnded(high, ended: [ObjectKey(namespace: "d", name: "low")], now: .zero)
        state.podRemoved(ObjectKey(namespace: "d", name: "low"), now: .zero)
        state.podChanged(pod("other", priority: 0), now: .zero)
        #expect(step(&state) == "other→a")
    }

    @Test("room that was made before a restart is kept, until the nomination is taken back")
    func restart() {
        var state = state()
        state.podChanged(pod("high", priority: 2, nominated: "a"), now: .zero)
        state.podChanged(pod("other", priority: 1), now: .zero)
        // More important pods go first; hold that one up.
        #expect(state.next(now: .zero)?.name == "high")
        #expect(step(&state) == "other: \(full)\(hopeless)")
        state.podChanged(pod("high", priority: 2), now: .seconds(2))
        #expect(step(&state, at: 2) == "other→a")
    }

    @Test("a more important pod takes the room that was made for another")
    func displaced() {
        var state = state(pods: 1)
        state.podChanged(pod("low", priority: 1, node: "a"), now: .zero)
        let middle = pod("middle", priority: 2)
        state.podChanged(middle, now: .zero)
        #expect(step(&state) == "middle ends [\"low\"] on a")
        state.podChanged(pod("high", priority: 3), now: .zero)
        #expect(step(&state) == "high ends [\"low\"] on a, not [\"middle\"]")
        state.preemptionEnded(middle, ended: [ObjectKey(namespace: "d", name: "low")], now: .zero)
        state.preemptionEnded(pod("high", priority: 3), ended: [], now: .zero)
        state.podRemoved(ObjectKey(namespace: "d", name: "low"), now: .seconds(2))
        #expect(step(&state, at: 2) == "high→a")
        #expect(step(&state, at: 2) == "middle: \(full)\(hopeless)")
    }

    @Test("budgets are kept where another node will do")
    func budgets() {
        var state = state(nodes: ["a", "b"])
        state.podChanged(pod("x", priority: 1, node: "a"), now: .zero)
        state.podChanged(pod("y", priority: 1, node: "b"), now: .zero)
        for (name, other, node) in [("x", "y", "b"), ("y", "x", "a")] {
            let key = ObjectKey(namespace: "d", name: "budget")
            state.budgetChanged(
                key,
                KubernetesObject(
                    .podDisruptionBudgets, name: "budget", namespace: "d",
                    [
                        "spec": ["selector": ["matchLabels": ["app": .string(name)]]],
                        "status": ["disruptionsAllowed": 0],
                    ]))
            let high = pod("high", priority: 2)
            state.podChanged(high, now: .zero)
            #expect(step(&state) == "high ends [\"\(other)\"] on \(node)")
            state.podRemoved(high.key, now: .zero)
        }
    }

    @Test("pods that wait are tried again in the order in which they came")
    func order() {
        var state = state(nodes: [], pods: 9)
        let names = ["f", "b", "e", "a", "d", "c"]
        for name in names { state.podChanged(pod(name, priority: 0), now: .zero) }
        for name in names { #expect(step(&state) == "\(name): no nodes available to schedule pods") }
        let room = ResourceCounts(milliCPU: 1000, memory: 1 << 30)
        state.nodeChanged(
            SchedulingNode(name: "a", labels: [:], allocatable: room, allocatablePods: 9), now: .seconds(5))
        for name in names { #expect(step(&state, at: 5) == "\(name)→a") }
    }

    @Test("a pod that affinity holds back is tried again when a neighbour comes, goes, or its namespace is relabelled")
    func affinity() {
        var state = state(pods: 9)
        func term(_ key: String, _ app: String, _ more: JSON = .object(JSONObject())) -> JSON {
            var term: JSON = ["topologyKey": "host", "labelSelector": ["matchLabels": ["app": .string(app)]]]
            term.merge(more)
            return [key: ["requiredDuringSchedulingIgnoredDuringExecution": [term]]]
        }
        let rules = "node(s) didn't match pod affinity rules"
        var near = pod("near", priority: 0)
        near.json["spec", "affinity"] = term("podAffinity", "x")
        state.podChanged(near, now: .zero)
        #expect(step(&state)?.contains(rules) == true)
        state.podChanged(pod("x", priority: 0, node: "a"), now: .seconds(3))
        #expect(step(&state, at: 3) == "near→a")

        var away = pod("away", priority: 0)
        away.json["spec", "affinity"] = term(
            "podAntiAffinity", "x", ["namespaceSelector": ["matchLabels": ["team": "t"]]])
        state.namespaceChanged("d", labels: ["team": "t"], now: .seconds(3))
        state.podChanged(away, now: .seconds(3))
        #expect(step(&state, at: 3)?.contains("node(s) didn't match pod anti-affinity rules") == true)
        state.namespaceChanged("d", labels: [:], now: .seconds(6))
        #expect(step(&state, at: 6) == "away→a")
    }
}
