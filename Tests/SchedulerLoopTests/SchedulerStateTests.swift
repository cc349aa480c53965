import JSONTree
import KubernetesModel
import Scheduling
import Testing

@testable import SchedulerLoop

@Suite struct SchedulerStateTests {
    private func state(nodes: [String] = ["a"], pods: Int = 1, bindingsAtOnce: Int = 32) -> SchedulerState {
        var state = SchedulerState(SchedulerConfiguration(firstBackOff: .seconds(1), bindingsAtOnce: bindingsAtOnce))
        for name in nodes {
            let room = ResourceCounts(milliCPU: 1000, memory: 1 << 30)
            state.nodeChanged(
                SchedulingNode(name: name, labels: [:], allocatable: room, allocatablePods: pods), now: .zero)
        }
        return state
    }

    private func pod(_ name: String, uid: String = "1", node: String? = nil) -> KubernetesObject {
        var pod = KubernetesObject(
            .pods, name: name, namespace: "d",
            ["metadata": ["uid": .string(uid)], "spec": ["containers": [["name": "c"]]]])
        if let node { pod.json["spec", "nodeName"] = .string(node) }
        return pod
    }

    /// Takes the next pod and decides about it: the node it is bound to, or why it has none.
    private func step(_ state: inout SchedulerState, at seconds: Int = 0) -> String? {
        guard let pod = state.next(now: .seconds(seconds)) else { return nil }
        switch state.decide(pod, excluding: [:], now: .seconds(seconds)) {
        case .bind(let pod, let node): return "\(pod.name)→\(node)"
        case .report(let pod, let verdict): return "\(pod.name): \(verdict.message)"
        case .preempt(let pod, _, let room): return "\(pod.name) makes room on \(room.node)"
        case nil: return nil
        }
    }

    @Test("a pod that is being bound holds its place before the cluster shows it")
    func assumed() {
        var state = state()
        state.podChanged(pod("p"), now: .zero)
        state.podChanged(pod("q"), now: .zero)
        #expect(step(&state) == "p→a")
        // Late news of the time before the binding change nothing.
        state.podChanged(pod("p"), now: .zero)
        #expect(step(&state)?.hasPrefix("q: 0/1 nodes are available: 1 Too many pods.") == true)
        state.bindingEnded(pod("p"), .bound, now: .zero)
        state.podChanged(pod("p", node: "a"), now: .zero)
        #expect(step(&state, at: 5) == nil)
    }

    @Test("a binding that failed gives the place back and tries the pod again after its back-off")
    func failedBinding() {
        var state = state()
        state.podChanged(pod("p"), now: .zero)
        #expect(step(&state) == "p→a")
        state.podChanged(pod("q"), now: .zero)
        state.bindingEnded(pod("p"), .failed, now: .zero)
        #expect(state.nextDue == .seconds(1))
        #expect(step(&state) == "q→a")
        state.bindingEnded(pod("q"), .gone, now: .zero)
        #expect(step(&state, at: 1) == "p→a")
    }

    @Test("a refused binding of a pod that turns out to have a node is not tried again")
    func boundElsewhere() {
        var state = state(nodes: ["a", "b"])
        state.podChanged(pod("p"), now: .zero)
        #expect(step(&state) != nil)
        state.podChanged(pod("p", node: "b"), now: .zero)
        state.bindingEnded(pod("p"), .failed, now: .zero)
        #expect(step(&state, at: 60) == nil)
        state.podChanged(pod("q"), now: .seconds(60))
        #expect(step(&state, at: 60) == "q→a")
    }

    @Test("a pod that was made anew under its name is another pod")
    func recreated() {
        var state = state()
        state.podChanged(pod("p"), now: .zero)
        #expect(step(&state) == "p→a")
        state.podChanged(pod("p", uid: "2"), now: .zero)
        state.bindingEnded(pod("p"), .gone, now: .zero)
        #expect(step(&state) == "p→a")
    }

    @Test("a pod that goes while it is bound leaves no trace")
    func goneWhileBinding() {
        var state = state()
        state.podChanged(pod("p"), now: .zero)
        #expect(step(&state) == "p→a")
        state.podRemoved(pod("p").key, now: .zero)
        state.bindingEnded(pod("p"), .gone, now: .zero)
        state.podChanged(pod("q"), now: .zero)
        #expect(step(&state) == "q→a")
    }

    @Test("no more bindings than allowed are under way")
    func bounded() {
        var state = state(pods: 9, bindingsAtOnce: 2)
        for name in ["p", "q", "r"] { state.podChanged(pod(name), now: .zero) }
        #expect(step(&state) != nil)
        #expect(step(&state) != nil)
        #expect(step(&state) == nil)
        state.bindingEnded(pod("p"), .bound, now: .zero)
        #expect(step(&state) != nil)
    }

    @Test("pods that have ended take no room")
    func finished() {
        var state = state()
        var done = pod("p", node: "a")
        state.podChanged(done, now: .zero)
        state.podChanged(pod("q"), now: .zero)
        #expect(step(&state)?.hasPrefix("q: 0/1 nodes are available: 1 Too many pods.") == true)
        done.json["status", "phase"] = "Succeeded"
        state.podChanged(done, now: .seconds(2))
        #expect(step(&state, at: 2) == "q→a")
    }
}
