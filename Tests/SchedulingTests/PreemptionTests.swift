import JSONTree
import KubernetesModel
import Scheduling
import Testing

@Suite struct PreemptionTests {
    private func pod(
        _ name: String, priority: Int, cpu: String = "1", app: String = "a", started: Int? = nil, policy: String? = nil
    ) -> KubernetesObject {
        var pod = TestCluster.pod(name, app: app, cpu: cpu)
        pod.json["spec", "priority"] = JSON(priority)
        if let policy { pod.json["spec", "preemptionPolicy"] = .string(policy) }
        if let started { pod.json["status"] = ["startTime": .string(Timestamp.text(started))] }
        return pod
    }

    private func scheduler(_ nodes: [String: [KubernetesObject]], cpu: String = "2") throws -> SpreadScheduler {
        var scheduler = SpreadScheduler()
        for (name, pods) in nodes {
            scheduler.snapshot.setNode(try TestCluster.node(name, cpu: cpu))
            for pod in pods { scheduler.snapshot.setPod(TestCluster.placed(pod, on: name)) }
        }
        return scheduler
    }

    private func preempt(
        _ scheduler: inout SpreadScheduler, for pod: KubernetesObject, budgets: [DisruptionBudget] = []
    ) throws -> String {
        let pending = try PendingPod(pod)
        let decision = scheduler.decide(pending)
        #expect(decision.node == nil)
        switch scheduler.preemption(for: pending, after: decision.evaluation, budgets: budgets) {
        case .possible(let node, let victims):
            return "\(node): \(victims.map(\.key.name).joined(separator: " "))"
        case .notEligible(let obstacle), .hopeless(let obstacle):
            return decision.evaluation.failureMessage(withoutPreemption: obstacle)
        }
    }

    @Test("as few and as unimportant pods as possible go")
    func leastHarm() throws {
        var nodes = [
            "a": [pod("a1", priority: 5), pod("a2", priority: 1)],
            "b": [pod("b1", priority: 2), pod("b2", priority: 9)],
            "c": [pod("c1", priority: 9), pod("c2", priority: 9)],
        ]
        var scheduler = try scheduler(nodes)
        #expect(try preempt(&scheduler, for: pod("p", priority: 9)) == "a: a2")
        // Both of a node: the highest of the two counts first.
        #expect(try preempt(&scheduler, for: pod("p", priority: 10, cpu: "2")) == "a: a1 a2")
        nodes["a"] = [pod("a1", priority: 2, cpu: "500m"), pod("a2", priority: 1, cpu: "1500m")]
        scheduler = try self.scheduler(nodes)
        #expect(try preempt(&scheduler, for: pod("p", priority: 9)) == "a: a2")
    }

    @Test("of equally important pods the youngest go")
    func youngest() throws {
        var scheduler = try scheduler([
            "a": [pod("a1", priority: 1, started: 100), pod("a2", priority: 1, started: 200)],
            "b": [pod("b1", priority: 1, started: 300), pod("b2", priority: 1, started: 250)],
        ])
        #expect(try preempt(&scheduler, for: pod("p", priority: 2)) == "b: b1")
    }

    @Test("budgets are kept as far as possible, and broken where there is no other way")
    func budgets() throws {
        var scheduler = try scheduler([
            "a": [pod("a1", priority: 1), pod("a2", priority: 1)],
            "b": [pod("b1", priority: 5, app: "b"), pod("b2", priority: 5, app: "b")],
        ])
        let selector = LabelSelector([.init(key: "app", operator: .in, values: ["a"])])
        func budget(_ allowed: Int) -> [DisruptionBudget] {
            [DisruptionBudget(namespace: "d", selector: selector, allowed: allowed)]
        }
        let big = pod("p", priority: 9)
        #expect(try preempt(&scheduler, for: big, budgets: budget(0)).hasPrefix("b: b"))
        #expect(try preempt(&scheduler, for: big, budgets: budget(1)).hasPrefix("a: a"))
        #expect(try preempt(&scheduler, for: pod("p", priority: 3), budgets: budget(0)).hasPrefix("a: a"))
    }

    @Test("why nothing can be preempted is said as kube-scheduler says it")
    func words() throws {
        var scheduler = try scheduler([
            "a": [pod("a1", priority: 5, cpu: "2")], "b": [pod("b1", priority: 0), pod("b2", priority: 5)],
        ])
        scheduler.snapshot.setNode(try TestCluster.node("c", cpu: "1"))
        scheduler.snapshot.setNode(try TestCluster.node("d", state: .suspect))
        #expect(
            try preempt(&scheduler, for: pod("p", priority: 1, cpu: "2"))
                == "0/4 nodes are available: 1 node(s) belonged to an edge that is Suspect, 3 Insufficient cpu. no new claims to"
                + " deallocate, preemption: 0/4 nodes are available: 1 Insufficient cpu, 1 No preemption victims found for"
                + " incoming pod, 2 Preemption is not helpful for scheduling.")
        let never = "not eligible due to preemptionPolicy=Never."
        #expect(
            try preempt(&scheduler, for: pod("p", priority: 9, cpu: "2", policy: "Never")).hasSuffix(
                "preemption: \(never)"))
    }

    @Test("the snapshot is as it was after looking for victims")
    func leavesNoTrace() throws {
        var scheduler = try scheduler(["a": [pod("a1", priority: 1), pod("a2", priority: 2)]])
        let tried = try PendingPod(pod("p", priority: 3))
        _ = try preempt(&scheduler, for: pod("p", priority: 3))
        // Nor is there anything to look at again for those who looked before.
        let before = scheduler.evaluate(tried)
        _ = try preempt(&scheduler, for: pod("p", priority: 3))
        #expect(scheduler.evaluate(tried).rejected == before.rejected)
        #expect(scheduler.snapshot.pods(on: "a").map(\.key.name).sorted() == ["a1", "a2"])
        #expect(scheduler.snapshot.node("a")?.load.requests.milliCPU == 2000)
    }

    @Test("the same pod is told the same again without a search, another one or a later one is not")
    func remembered() throws {
        var scheduler = try scheduler(["a": [pod("a1", priority: 1), pod("a2", priority: 2)]])
        let wanting = pod("p", priority: 1, cpu: "2")
        let first = try preempt(&scheduler, for: wanting)
        #expect(first.hasSuffix("1 No preemption victims found for incoming pod."))
        #expect(try preempt(&scheduler, for: wanting) == first)
        #expect(try preempt(&scheduler, for: pod("q", priority: 2, cpu: "2")).hasSuffix("1 Insufficient cpu."))
        #expect(try preempt(&scheduler, for: pod("q", priority: 3, cpu: "2")) == "a: a2 a1")
        scheduler.snapshot.removePod(pod("a1", priority: 1).key)
        scheduler.snapshot.removePod(pod("a2", priority: 2).key)
        scheduler.snapshot.setPod(TestCluster.placed(pod("a3", priority: 0), on: "a"))
        #expect(try preempt(&scheduler, for: wanting) == "a: a3")
    }

    @Test("room that was made is kept for the pod, but not from more important ones")
    func nominated() throws {
        var scheduler = try scheduler(["a": [pod("a1", priority: 1)]])
        var waiting = try PendingPod(pod("p", priority: 5)).asPlaced
        waiting.node = "a"
        scheduler.snapshot.nominate(waiting)
        for (priority, node) in [(4, nil), (5, nil), (6, "a")] {
            #expect(scheduler.node(for: try PendingPod(pod("q", priority: priority))) == node)
        }
        #expect(scheduler.snapshot.nominations(on: "a", below: 6).map(\.key.name) == ["p"])
        // The room is its own.
        #expect(scheduler.node(for: try PendingPod(pod("p", priority: 5))) == "a")
        scheduler.snapshot.removeNomination(waiting.key)
        #expect(scheduler.node(for: try PendingPod(pod("q", priority: 4))) == "a")
    }

    @Test("a pod goes to the node that it was nominated for, even if another is better by now")
    func nominatedFirst() throws {
        var scheduler = try scheduler(["a": [pod("a1", priority: 0)], "b": []])
        var nominated = pod("p", priority: 5)
        #expect(scheduler.node(for: try PendingPod(nominated)) == "b")
        nominated.json["status"] = ["nominatedNodeName": "a"]
        #expect(scheduler.node(for: try PendingPod(nominated)) == "a")
    }

    @Test("while the victims of a pod end it preempts no more")
    func underWay() throws {
        var victim = pod("a1", priority: 0, cpu: "2")
        victim.json["metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z"
        victim.json["status"] = [
            "conditions": [["type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler"]]
        ]
        var scheduler = try scheduler(["a": [victim], "b": [pod("b1", priority: 0, cpu: "2")]])
        var waiting = pod("p", priority: 5)
        waiting.json["status"] = ["nominatedNodeName": "a"]
        #expect(
            try preempt(&scheduler, for: waiting)
                .hasSuffix("preemption: not eligible due to a terminating pod on the nominated node."))
        waiting.json["status"] = nil
        #expect(try preempt(&scheduler, for: waiting).contains(": "))
    }
}
