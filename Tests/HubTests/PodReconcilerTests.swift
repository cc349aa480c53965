import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import Scheduling
import TestKit
import Testing
import Wire

@testable import Hub

@Suite("An offloaded pod", .timeLimit(.minutes(1))) struct PodReconcilerTests {
    private let item = ItemKey.pod("shop", "p")
    private let ready: JSON = [
        "phase": "Running", "startTime": "2026-01-01T00:00:00Z", "conditions": [["type": "Ready", "status": "True"]],
    ]

    /// A bench with the namespace offloaded to the edge rome.
    private func with(
        annotations: [String: String] = [:], connected: Bool = true,
        _ body: (HubBench) async throws -> Void
    ) async throws {
        let bench = try HubBench()
        try await bench.run {
            try await bench.namespace()
            try await bench.offloading(annotations: annotations, finalizers: [Names.offloadingFinalizer])
            bench.edge("rome", connected: connected)
            try await body(bench)
        }
    }

    private func seen(_ uid: String, _ status: JSON, gone: Bool = false) -> ObservedContent {
        .pod(ObservedPod(originUID: uid, edgeUID: gone ? "" : "e", status: status, isGone: gone))
    }

    @Test("what its cluster does not take of its status is not written again and again")
    func unknownFields() async throws {
        try await with { bench in
            bench.cluster.unknownStatusFields = ["hostIPs"]
            let pod = try await bench.pod("p")
            var status = ready
            status["hostIPs"] = [["ip": "10.0.0.1"]]
            bench.observe("rome", [item: seen(pod.uid, status)])
            _ = try await bench.reconcile(pod: "p")
            try await bench.settle()
            #expect(try await bench.found(pod: "p")?.status["phase"] == "Running")
            bench.cluster.failure = APIError.internalError("nothing is written")
            _ = try await PodReconciler(context: bench.context).reconcile(ObjectKey(namespace: "shop", name: "p"))
            bench.cluster.failure = nil
            // Somebody else changes what the edge knows better.
            var changed = try #require(try await bench.found(pod: "p"))
            changed.status["phase"] = "Unknown"
            _ = try await bench.cluster.updateStatus(.pods, changed)
            try await bench.settle()
            _ = try await bench.reconcile(pod: "p")
            #expect(try await bench.found(pod: "p")?.status["phase"] == "Running")
        }
    }

    @Test("on its way to run it has one status written for all that come within a second, and complaints at once")
    func passing() async throws {
        func waiting(_ reason: String, _ message: String?) -> JSON {
            var state: JSON = ["reason": .string(reason)]
            if let message { state["message"] = .string(message) }
            return ["phase": "Pending", "containerStatuses": [["name": "c", "state": ["waiting": state]]]]
        }
        try await with { bench in
            let first = try await bench.pod("p")
            bench.observe("rome", [item: seen(first.uid, waiting("ContainerCreating", nil))])
            for _ in 0..<2 {
                guard case .after(let wait) = try await bench.reconcile(pod: "p") else {
                    Issue.record("nobody looks again")
                    return
                }
                #expect(wait > .zero && wait <= PassingStatuses.patience)
            }
            #expect(try await bench.found(pod: "p")?.resourceVersion == first.resourceVersion)
            bench.observe("rome", [item: seen(first.uid, ready)])
            #expect(try await bench.reconcile(pod: "p") == .none)
            #expect(try await bench.found(pod: "p")?.status["phase"] == "Running")
        }
        try await with { bench in
            let pod = try await bench.pod("p")
            bench.observe("rome", [item: seen(pod.uid, waiting("CreateContainerConfigError", "no such key"))])
            _ = try await bench.reconcile(pod: "p")
            #expect(try await bench.found(pod: "p")?.status["phase"] == "Pending")
        }
    }

    @Test("a status that no other follows is written once it has waited")
    func patience() throws {
        let passing = PassingStatuses()
        let pod = KubernetesObject(.pods, name: "p", namespace: "shop", ["metadata": ["uid": "u"]])
        let begun = ContinuousClock.now
        #expect(passing.wait(for: pod, now: begun) == PassingStatuses.patience)
        #expect(
            passing.wait(for: pod, now: begun + .milliseconds(400)) == PassingStatuses.patience - .milliseconds(400))
        #expect(passing.wait(for: pod, now: begun + PassingStatuses.patience) == nil)
        // A later pod of the name waits anew.
        let other = KubernetesObject(.pods, name: "p", namespace: "shop", ["metadata": ["uid": "v"]])
        #expect(passing.wait(for: other, now: begun + .seconds(60)) == PassingStatuses.patience)
    }

    @Test("on a real cluster it tolerates its edge's absence from then on, which is one write and no news to the edge")
    func absence() async throws {
        let bench = try HubBench { $0.extendsTolerations = true }
        try await bench.run {
            try await bench.namespace()
            try await bench.offloading(finalizers: [Names.offloadingFinalizer])
            bench.edge("rome")
            var pod = try await bench.pod("p")
            pod.json["spec", "tolerations"] = [
                [
                    "key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute",
                    "tolerationSeconds": 300,
                ]
            ]
            _ = try await bench.cluster.update(.pods, pod)
            try await bench.settle()
            _ = try await bench.reconcile(pod: "p")
            try await bench.settle()
            let extended = try #require(try await bench.found(pod: "p"))
            #expect(
                extended.spec["tolerations"]?.array == [
                    ["key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute"]
                ])
            let told = bench.context.desired["rome", item]
            _ = try await bench.reconcile(pod: "p")
            #expect(bench.context.desired["rome", item] == told)
            #expect(try await bench.found(pod: "p")?.resourceVersion == extended.resourceVersion)
        }
    }

    @Test("its edge is told what to run, and what it says of this very pod becomes its status (A7)")
    func runs() async throws {
        try await with { bench in
            let pod = try await bench.pod("p")
            #expect(try await bench.reconcile(pod: "p") == .none)
            let wanted = try #require(bench.context.desired["rome", item]?.content.pod)
            #expect(wanted.originUID == pod.uid && wanted.remoteNamespace == "shop")
            #expect(wanted.object["spec"]?["nodeName"] == nil && wanted.deletionGracePeriodSeconds == nil)

            bench.observe("rome", [item: seen("another", ["phase": "Failed"])])
            _ = try await bench.reconcile(pod: "p")
            #expect(try await bench.found(pod: "p")?.status["phase"] == nil)
            bench.observe("rome", [item: seen(pod.uid, ready)])
            _ = try await bench.reconcile(pod: "p")
            #expect(try await bench.found(pod: "p")?.status["phase"] == "Running")
            let version = try await bench.found(pod: "p")?.resourceVersion
            _ = try await bench.reconcile(pod: "p")
            #expect(try await bench.found(pod: "p")?.resourceVersion == version)

            bench.observe("rome", [item: seen(pod.uid, ["phase": "Succeeded"])])
            _ = try await bench.reconcile(pod: "p")
            bench.observe("rome", [item: seen(pod.uid, ["phase": "Running"])])
            _ = try await bench.reconcile(pod: "p")
            #expect(try await bench.found(pod: "p")?.status["phase"] == "Succeeded")
            #expect(bench.context.desired["rome", item]?.content.pod?.isFinished == true)
        }
    }

    @Test("a pod that is deleted ends at its edge first, in the time it has, then it is gone")
    func deletion() async throws {
        try await with { bench in
            let pod = try await bench.pod("p")
            _ = try await bench.reconcile(pod: "p")
            bench.observe("rome", [item: seen(pod.uid, ready)])
            try await bench.cluster.delete(
                .pods, namespace: "shop", name: "p", DeleteOptions(gracePeriodSeconds: 20))
            #expect(try await bench.reconcile(pod: "p") != .none)
            #expect(bench.context.desired["rome", item]?.content.pod?.deletionGracePeriodSeconds == 20)
            // The grace is shortened.
            _ = try await bench.cluster.merge(
                .pods, namespace: "shop", name: "p", ["metadata": ["deletionGracePeriodSeconds": 3]])
            _ = try await bench.reconcile(pod: "p")
            #expect(bench.context.desired["rome", item]?.content.pod?.deletionGracePeriodSeconds == 3)
            bench.observe("rome", [item: seen(pod.uid, .object([:]), gone: true)])
            _ = try await bench.reconcile(pod: "p")
            #expect(try await bench.found(pod: "p") == nil)
            _ = try await bench.reconcile(pod: "p")
            #expect(bench.context.desired["rome", item] == nil)
        }
    }

    @Test("a pod that its edge never heard of is gone at once")
    func unheard() async throws {
        try await with { bench in
            try await bench.pod("p")
            try await bench.cluster.delete(.pods, namespace: "shop", name: "p", DeleteOptions())
            #expect(try await bench.reconcile(pod: "p") == .none)
            #expect(try await bench.found(pod: "p") == nil)
        }
    }

    @Test(
        "a pod whose namespace is taken back before its deletion is heard of is wanted no more, and goes when its edge has let it go"
    )
    func takenBack() async throws {
        try await with { bench in
            let pod = try await bench.pod("p")
            _ = try await bench.reconcile(pod: "p")
            bench.observe("rome", [item: seen(pod.uid, ready)])
            try await bench.cluster.delete(.pods, namespace: "shop", name: "p", DeleteOptions())
            var offloading = try await bench.cluster.get(
                .namespaceOffloadings, namespace: "shop", name: Names.offloading)
            offloading.finalizers = []
            _ = try await bench.cluster.update(.namespaceOffloadings, offloading)
            try await bench.cluster.delete(
                .namespaceOffloadings, namespace: "shop", name: Names.offloading, DeleteOptions())
            #expect(try await bench.reconcile(pod: "p") != .none)
            #expect(bench.context.desired["rome", item] == nil)
            #expect(try await bench.found(pod: "p") != nil)
            bench.observe("rome", [:])
            #expect(try await bench.reconcile(pod: "p") == .none)
            #expect(try await bench.found(pod: "p") == nil)
        }
    }

    @Test("a pod that is deleted while its edge is away goes when the edge has been away for long enough")
    func deletionAway() async throws {
        try await with(annotations: [Names.gracePeriodAnnotation: "5s"], connected: false) { bench in
            try await bench.pod("p", status: ready)
            _ = try await bench.reconcile(pod: "p")
            try await bench.cluster.delete(.pods, namespace: "shop", name: "p", DeleteOptions())
            #expect(try await bench.reconcile(pod: "p") != .none)
            bench.context.edges.update("rome") { edge in
                edge.state = .disconnected
                edge.disconnectedSince = .now - .seconds(1)
            }
            #expect(try await bench.reconcile(pod: "p") != .none)
            #expect(try await bench.found(pod: "p") != nil)
            bench.context.edges.update("rome") { $0.disconnectedSince = .now - .seconds(6) }
            _ = try await bench.reconcile(pod: "p")
            #expect(try await bench.found(pod: "p") == nil)
        }
    }

    @Test("a finished pod that is deleted does not wait for an edge that is away", arguments: ["keep", "reschedule"])
    func finishedAway(policy: String) async throws {
        try await with(annotations: [Names.onDisconnectAnnotation: policy], connected: false) { bench in
            try await bench.pod("p", status: ["phase": "Succeeded"])
            bench.context.edges.update("rome") { edge in
                edge.state = .lost
                edge.disconnectedSince = .now
            }
            try await bench.cluster.delete(.pods, namespace: "shop", name: "p", DeleteOptions())
            _ = try await bench.reconcile(pod: "p")
            #expect(try await bench.found(pod: "p") == nil)
        }
    }

    @Test("an edge that is away makes its pods not ready, and has them replaced after the namespace's grace")
    func replaced() async throws {
        try await with(annotations: [Names.gracePeriodAnnotation: "30s"], connected: false) { bench in
            try await bench.pod("p", status: ready)
            bench.context.edges.update("rome") { edge in
                edge.state = .disconnected
                edge.disconnectedSince = .now
            }
            guard case .after(let wait) = try await bench.reconcile(pod: "p") else {
                Issue.record("not looked at again")
                return
            }
            #expect(wait > .seconds(25) && wait <= .seconds(30))
            let status = try await bench.found(pod: "p")?.status
            #expect(!Conditions.isTrue("Ready", in: status?["conditions"]))
            bench.context.edges.update("rome") { $0.disconnectedSince = .now - .seconds(31) }
            _ = try await bench.reconcile(pod: "p")
            #expect(try await bench.found(pod: "p") == nil)
        }
    }

    @Test("a namespace that keeps its pods waits for the edge")
    func kept() async throws {
        try await with(annotations: [Names.onDisconnectAnnotation: "keep"], connected: false) { bench in
            try await bench.pod("p", status: ready)
            bench.context.edges.update("rome") { edge in
                edge.state = .lost
                edge.disconnectedSince = .now - .seconds(3600)
            }
            #expect(try await bench.reconcile(pod: "p") == .none)
            #expect(try await bench.found(pod: "p")?.isBeingDeleted == false)
        }
    }

    @Test("a pod whose namespace is not offloaded to its edge waits where it never ran, and fails where it did")
    func rejected() async throws {
        let bench = try HubBench()
        try await bench.run {
            try await bench.namespace()
            bench.edge("rome")
            try await bench.pod("p")
            try await bench.pod("q", status: ready)
            _ = try await bench.reconcile(pod: "p")
            _ = try await bench.reconcile(pod: "q")
            let (p, q) = (try await bench.found(pod: "p")?.status, try await bench.found(pod: "q")?.status)
            #expect(p?["phase"] == "Pending" && p?["reason"] == "OffloadingBackOff")
            #expect(q?["phase"] == "Failed" && q?["reason"] == "OffloadingAborted")
            #expect(bench.context.desired.items("rome").isEmpty)
            // It is offloaded later on: the pod that waits runs.
            try await bench.offloading(finalizers: [Names.offloadingFinalizer])
            _ = try await bench.reconcile(pod: "p")
            #expect(bench.context.desired["rome", item] != nil)
        }
    }

    @Test("a refusal by the edge is told as an event")
    func refused() async throws {
        try await with { bench in
            let pod = try await bench.pod("p")
            let refusal = ObservedPod.Refusal(reason: "NotAllowed", message: "no host network")
            bench.observe(
                "rome", [item: .pod(ObservedPod(originUID: pod.uid, edgeUID: "", refused: refusal))])
            _ = try await bench.reconcile(pod: "p")
            let events = try await bench.cluster.list(.coreEvents, namespace: "shop", ListOptions()).items
            #expect(events.map { $0.json["message"]?.string } == ["edge rome refused the pod: no host network"])
        }
    }

    @Test("whose place a pod takes after the loss of its edge is told once, to people and to the audit")
    func takesPlace() async throws {
        try await with { bench in
            bench.edge("milan")
            let owner: JSON = [
                ["apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "w", "uid": "w1", "controller": true]
            ]
            for (name, owners) in [("p", owner), ("bare", [])] {
                let pod = try await bench.pod(name)
                _ = try await bench.cluster.merge(
                    .pods, namespace: "shop", name: pod.name, ["metadata": ["ownerReferences": owners]])
                _ = try await bench.reconcile(pod: name)
            }
            bench.context.edges.update("rome") { edge in
                edge.isConnected = false
                edge.state = .disconnected
                edge.disconnectedSince = bench.instants.now
            }
            bench.instants.advance(.seconds(11))
            for name in ["p", "bare"] {
                _ = try await bench.reconcile(pod: name)
                #expect(try await bench.found(pod: name) == nil)
            }
            for name in ["q", "r"] {
                try await bench.pod(name, on: "liqo-milan")
                _ = try await bench.cluster.merge(
                    .pods, namespace: "shop", name: name, ["metadata": ["ownerReferences": owner]])
                for _ in 0..<2 { _ = try await bench.reconcile(pod: name) }
            }
            let moves = bench.log.audit("move")
            #expect(moves.count == 1)
            #expect(moves.first?["pod"] == "shop/q" && moves.first?["replaces"] == "shop/p")
            #expect(moves.first?["edge"] == "rome" && moves.first?["to"] == "milan")
            #expect(moves.first?["reason"]?.contains("has not answered for 11 s") == true)
            let events = try await bench.cluster.list(.coreEvents, namespace: "shop", ListOptions()).items
                .filter { $0.json["reason"]?.string == "Replaces" }
            #expect(events.compactMap { $0.json["involvedObject"]?["name"]?.string } == ["q"])
            #expect(events.first?.json["message"]?.string?.hasPrefix("takes the place of p on edge rome: ") == true)
        }
    }
}
