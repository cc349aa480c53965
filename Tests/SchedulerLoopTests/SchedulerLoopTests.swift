import ClusterAPI
import Dispatch
import Foundation
import JSONTree
import KubernetesModel
import Logging
import SchedulerLoop
import Scheduling
import Synchronization
import TestKit
import Testing

/// Advice that a test can change.
final class ChangingAdvice: PlacementAdvice {
    let states = Mutex<[String: EdgeState]>([:])
    let exclusions = Mutex<[String: [String: String]]>([:])
    let filled = Mutex<[String: WaterFill]>([:])
    var fills: [String: WaterFill] { filled.withLock { $0 } }

    func excludedNodes(for pod: KubernetesObject) -> [String: String] { exclusions.withLock { $0[pod.name] ?? [:] } }
    func state(ofNode node: KubernetesObject) -> EdgeState { states.withLock { $0[node.name] ?? .ready } }
}

/// Advice that is slow to come, once: until somebody else's look at the node is over, or for as long as that is prevented.
final class SlowAdvice: PlacementAdvice {
    private struct State {
        var isHolding = false
        var isAsked = false
    }

    private let state = Mutex(State())
    private let answered = DispatchSemaphore(value: 0)

    func holdNextAnswer() { state.withLock { $0.isHolding = true } }
    func answer() { answered.signal() }
    var isAsked: Bool { state.withLock { $0.isAsked } }

    func excludedNodes(for pod: KubernetesObject) -> [String: String] { [:] }
    func state(ofNode node: KubernetesObject) -> EdgeState {
        let isHeld = state.withLock { state in
            defer { state.isHolding = false }
            if state.isHolding { state.isAsked = true }
            return state.isHolding
        }
        if isHeld { _ = answered.wait(timeout: .now() + .milliseconds(300)) }
        return .ready
    }
}

@Suite struct SchedulerLoopTests {
    private let cluster = FakeCluster()
    private let advice = ChangingAdvice()

    private func node(_ name: String, cpu: String = "4") -> KubernetesObject {
        KubernetesObject(
            .nodes, name: name,
            [
                "metadata": ["labels": ["kubernetes.io/hostname": .string(name)]],
                "status": ["allocatable": ["cpu": .string(cpu), "memory": "8Gi", "pods": "110"]],
            ])
    }

    private func pod(_ name: String, cpu: String = "100m", isSpread: Bool = false, scheduler: String? = nil)
        -> KubernetesObject
    {
        var pod = KubernetesObject(
            .pods, name: name, namespace: "demo",
            [
                "metadata": ["labels": ["app": "hello"]],
                "spec": ["containers": [["name": "c", "resources": ["requests": ["cpu": .string(cpu)]]]]],
            ])
        if isSpread {
            pod.json["spec", "topologySpreadConstraints"] = [
                [
                    "maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "DoNotSchedule",
                    "labelSelector": ["matchLabels": ["app": "hello"]],
                ]
            ]
        }
        if let scheduler { pod.json["spec", "schedulerName"] = .string(scheduler) }
        return pod
    }

    private func create(_ nodes: [KubernetesObject], _ pods: [KubernetesObject]) async throws {
        for node in nodes { _ = try await cluster.create(.nodes, node) }
        for pod in pods { _ = try await cluster.create(.pods, pod) }
    }

    private func nodes(of names: [String]) async throws -> [String: Int] {
        var counts: [String: Int] = [:]
        for name in names {
            let pod = try await cluster.find(.pods, namespace: "demo", name: name)
            if let node = pod?.json["spec"]?["nodeName"]?.string { counts[node, default: 0] += 1 }
        }
        return counts
    }

    private func events(_ reason: String) async throws -> [String] {
        try await cluster.list(.coreEvents, namespace: "demo").items
            .filter { $0.json["reason"]?.string == reason }.compactMap { $0.json["message"]?.string }
    }

    /// Runs a loop while `body` runs.
    private func scheduling<T: Sendable>(_ body: (SchedulerLoop) async throws -> T) async throws -> T {
        let loop = SchedulerLoop(
            cluster, advice: advice, now: { 1_700_000_000 },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let task = Task { await loop.run() }
        defer { task.cancel() }
        return try await body(loop)
    }

    @Test("pods get nodes, spread, with an event each")
    func binds() async throws {
        let names = (0..<7).map { "p\($0)" }
        try await create([node("rome"), node("milan")], names.map { pod($0, isSpread: true) })
        try await scheduling { _ in
            try await eventually("all pods have nodes") { try await nodes(of: names).values.reduce(0, +) == 7 }
            let counts = try await nodes(of: names)
            #expect(counts.values.sorted() == [3, 4])
            try await eventually("events") { try await events("Scheduled").count == 7 }
            let messages = try await events("Scheduled")
            #expect(messages.contains { $0.hasPrefix("Successfully assigned demo/p0 to ") })
        }
    }

    @Test("a pod without a place says why, and gets a node when one comes")
    func unschedulable() async throws {
        try await create([node("rome", cpu: "1")], [pod("big", cpu: "2")])
        try await scheduling { _ in
            let why =
                "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are"
                + " available: 1 Preemption is not helpful for scheduling."
            try await eventually("the event") { try await events("FailedScheduling") == [why] }
            let big = try await cluster.get(.pods, namespace: "demo", name: "big")
            let condition = Conditions.find("PodScheduled", in: big.json["status"]?["conditions"])
            #expect(condition?["status"]?.string == "False")
            #expect(condition?["reason"]?.string == "Unschedulable")
            #expect(condition?["message"]?.string == why)
            _ = try await cluster.create(.nodes, node("milan"))
            try await eventually("a node") { try await nodes(of: ["big"]) == ["milan": 1] }
        }
    }

    @Test("room that a deleted pod leaves is used")
    func roomAfterDeletion() async throws {
        try await create([node("rome", cpu: "1")], [pod("first", cpu: "1")])
        try await scheduling { _ in
            try await eventually("first") { try await nodes(of: ["first"]) == ["rome": 1] }
            _ = try await cluster.create(.pods, pod("second", cpu: "1"))
            try await eventually("the event") { try await !events("FailedScheduling").isEmpty }
            try await cluster.delete(.pods, namespace: "demo", name: "first", DeleteOptions(gracePeriodSeconds: 0))
            try await eventually("second") { try await nodes(of: ["second"]) == ["rome": 1] }
        }
    }

    @Test("after a restart it goes on with what is there")
    func restart() async throws {
        try await create([node("rome"), node("milan")], [pod("a", isSpread: true)])
        try await scheduling { _ in
            try await eventually("a") { try await nodes(of: ["a"]).count == 1 }
        }
        try await create([], ["b", "c", "d"].map { pod($0, isSpread: true) })
        try await scheduling { _ in
            try await eventually("all") { try await nodes(of: ["a", "b", "c", "d"]) == ["rome": 2, "milan": 2] }
        }
    }

    @Test("pods of other schedulers, gated pods and pods being deleted are left alone")
    func others() async throws {
        var gated = pod("gated")
        gated.json["spec", "schedulingGates"] = [["name": "later"]]
        var going = pod("going")
        going.json["metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z"
        let own = pod("own", scheduler: "causeway-scheduler")
        try await create([node("rome")], [pod("other", scheduler: "another"), gated, going, own])
        try await scheduling { _ in
            try await eventually("own") { try await nodes(of: ["own"]) == ["rome": 1] }
            #expect(try await nodes(of: ["other", "gated", "going"]).isEmpty)
            _ = try await cluster.merge(
                .pods, namespace: "demo", name: "gated", ["spec": ["schedulingGates": .null]])
            try await eventually("the gate is gone") { try await nodes(of: ["gated"]) == ["rome": 1] }
        }
    }

    @Test("a less important pod is told to end, with a condition and an event, and the room is the other's")
    func preemption() async throws {
        func prioritized(_ name: String, _ priority: Int) -> KubernetesObject {
            var pod = pod(name, cpu: "1")
            pod.json["spec", "priority"] = JSON(priority)
            return pod
        }
        try await create([node("rome", cpu: "1")], [prioritized("low", 0)])
        try await scheduling { _ in
            try await eventually("low") { try await nodes(of: ["low"]) == ["rome": 1] }
            let high = try await cluster.create(.pods, prioritized("high", 5))
            try await eventually("low is ending") {
                try await cluster.get(.pods, namespace: "demo", name: "low").isBeingDeleted
            }
            let low = try await cluster.get(.pods, namespace: "demo", name: "low")
            let condition = Conditions.find("DisruptionTarget", in: low.status["conditions"])
            #expect(condition?["status"] == "True")
            #expect(condition?["reason"] == "PreemptionByScheduler")
            #expect(
                condition?["message"] == "default-scheduler: preempting to accommodate a higher priority pod")
            try await eventually("the event") {
                try await events("Preempted") == ["Preempted by pod \(high.uid) on node rome"]
            }
            let waiting = try await cluster.get(.pods, namespace: "demo", name: "high")
            #expect(waiting.status["nominatedNodeName"] == "rome")
            try await eventually("why it waits") {
                try await Set(events("FailedScheduling")) == [
                    "0/1 nodes are available: 1 Insufficient cpu.",
                    "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: not eligible"
                        + " due to a terminating pod on the nominated node.",
                ]
            }
            try await cluster.delete(.pods, namespace: "demo", name: "low", DeleteOptions(gracePeriodSeconds: 0))
            try await eventually("high") { try await nodes(of: ["high"]) == ["rome": 1] }
        }
    }

    @Test("pods of a Service that name no constraints are spread all the same")
    func defaultSpread() async throws {
        let service = KubernetesObject(
            .services, name: "hello", namespace: "demo", ["spec": ["selector": ["app": "hello"]]])
        _ = try await cluster.create(.services, service)
        // Without the Service the roomier node would get them all.
        try await create([node("rome", cpu: "64"), node("milan", cpu: "2")], ["a", "b"].map { pod($0, cpu: "500m") })
        try await scheduling { _ in
            try await eventually("both") { try await nodes(of: ["a", "b"]).count == 2 }
            _ = try await cluster.create(
                .pods,
                KubernetesObject(
                    .pods, name: "alone", namespace: "demo",
                    ["spec": ["containers": [["name": "c", "resources": ["requests": ["cpu": "500m"]]]]]]))
            try await eventually("alone") { try await nodes(of: ["alone"]) == ["rome": 1] }
        }
    }

    @Test("edges follow the advice: a lost one is no domain, and takes pods again when it is back")
    func edges() async throws {
        advice.states.withLock { $0["milan"] = .lost }
        let names = ["a", "b", "c"]
        try await create([node("rome"), node("milan")], names.map { pod($0, isSpread: true) })
        try await scheduling { loop in
            try await eventually("all on rome") { try await nodes(of: names) == ["rome": 3] }
            advice.states.withLock { $0["milan"] = .ready }
            loop.refreshNodes()
            _ = try await cluster.create(.pods, pod("d", isSpread: true))
            try await eventually("d on milan") { try await nodes(of: ["d"]) == ["milan": 1] }
        }
    }

    @Test("a namespace that begins to be filled like water gets the pods in that a full edge kept off")
    func fills() async throws {
        var small = node("milan")
        small.json["status", "allocatable", "pods"] = "1"
        let names = ["a", "b", "c", "d", "e"]
        try await create([node("rome"), small], names.map { pod($0, isSpread: true) })
        try await scheduling { loop in
            try await eventually("as far as the constraint allows") {
                try await nodes(of: names) == ["rome": 2, "milan": 1]
            }
            advice.filled.withLock { $0["demo"] = WaterFill() }
            loop.refreshNodes()
            try await eventually("all") { try await nodes(of: names) == ["rome": 4, "milan": 1] }
        }
    }

    @Test("a change of a node that comes while the edges are asked again is not lost")
    func refreshDuringChange() async throws {
        // As the hub makes a virtual node: first without a status, so without room for a pod.
        var bare = node("rome")
        bare.json["status"] = nil
        try await create([bare], [])
        let slow = SlowAdvice()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let informers = (
            pods: Informer(cluster, .pods, logger: logger), nodes: Informer(cluster, .nodes, logger: logger)
        )
        let loop = SchedulerLoop(cluster, advice: slow, informers: informers, now: { 1_700_000_000 }, logger: logger)
        // Called after the loop's own handler.
        informers.nodes.onChange { if $0.new?.json["status"]?["allocatable"] != nil { slow.answer() } }
        let task = Task {
            await withDiscardingTaskGroup { group in
                group.addTask { await informers.nodes.run() }
                group.addTask { await informers.pods.run() }
                group.addTask { await loop.run() }
            }
        }
        defer { task.cancel() }
        try await informers.nodes.waitForSync()
        try await informers.pods.waitForSync()

        slow.holdNextAnswer()
        Thread.detachNewThread { loop.refreshNodes() }
        try await eventually("the edge is asked for") { slow.isAsked }
        var full = try await cluster.get(.nodes, namespace: nil, name: "rome")
        full.status = node("rome").status
        _ = try await cluster.updateStatus(.nodes, full)
        try await eventually("the node's room is seen") {
            informers.nodes.get(name: "rome")?.status["allocatable"] != nil
        }
        _ = try await cluster.create(.pods, pod("a"))
        try await eventually("a") { try await nodes(of: ["a"]) == ["rome": 1] }
    }

    @Test("a node that rejected a pod is tried again when its back-off is over")
    func rejection() async throws {
        advice.exclusions.withLock { $0["a"] = ["rome": "image missing"] }
        try await create([node("rome")], [pod("a")])
        try await scheduling { _ in
            let why =
                "0/1 nodes are available: 1 node(s) rejected the pod: image missing. no new claims to deallocate,"
                + " preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
            try await eventually("the event") { try await events("FailedScheduling") == [why] }
            advice.exclusions.withLock { $0 = [:] }
            try await eventually("a") { try await nodes(of: ["a"]) == ["rome": 1] }
        }
    }

    @Test("a cluster that is away for a while holds nothing up for good")
    func outage() async throws {
        try await create([node("rome")], [])
        try await scheduling { _ in
            _ = try await cluster.create(.pods, pod("warm"))
            try await eventually("warm") { try await nodes(of: ["warm"]).count == 1 }
            _ = try await cluster.create(.pods, pod("a"))
            cluster.failure = ClusterUnreachable("gone")
            cluster.failure = nil
            try await eventually("a") { try await nodes(of: ["a"]).count == 1 }
        }
    }

    @Test("a malformed pod says so and holds no other up")
    func malformed() async throws {
        var broken = pod("broken")
        broken.json["spec", "topologySpreadConstraints"] = [["topologyKey": "zone"]]
        try await create([node("rome")], [broken, pod("good")])
        try await scheduling { _ in
            try await eventually("good") { try await nodes(of: ["good"]).count == 1 }
            try await eventually("the event") {
                try await events("FailedScheduling") == ["spec.topologySpreadConstraints[0].maxSkew: missing"]
            }
        }
    }
}
