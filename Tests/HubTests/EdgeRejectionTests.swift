import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import Scheduling
import TestKit
import Testing
import Wire

@testable import Hub

@Suite("Pods that their edge rejects", .timeLimit(.minutes(1))) struct EdgeRejectionTests {
    private let item = ItemKey.pod("shop", "p")

    private func waiting(_ reason: String, restarts: Int = 0) -> JSON {
        [
            "phase": "Pending",
            "containerStatuses": [
                [
                    "name": "c", "restartCount": JSON(restarts),
                    "state": ["waiting": ["reason": .string(reason), "message": "no such image"]],
                ]
            ],
        ]
    }

    private func rejection(_ status: JSON) -> PodRejection? {
        PodRejection(ObservedPod(originUID: "u", edgeUID: "e", status: status))
    }

    @Test("a full edge, a missing image and an admission that says no are rejections; a pod that crashes is none")
    func reasons() {
        let refused = ObservedPod(
            originUID: "u", edgeUID: "", refused: ObservedPod.Refusal(reason: "Forbidden", message: "quota"))
        #expect(PodRejection(refused)?.reason == "Forbidden" && PodRejection(refused)?.patience == .zero)
        #expect(rejection(waiting("ImagePullBackOff"))?.message == "no such image")
        #expect(rejection(waiting("ImagePullBackOff"))?.patience == .seconds(5))
        #expect(rejection(waiting("InvalidImageName"))?.patience == .zero)
        let full: JSON = [
            "phase": "Pending",
            "conditions": [["type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1"]],
        ]
        #expect(rejection(full)?.reason == "Unschedulable")
        #expect(rejection(["phase": "Failed", "reason": "OutOfcpu", "message": "no cpu"])?.reason == "OutOfcpu")
        let exited: JSON = [
            "phase": "Failed", "reason": "Error",
            "containerStatuses": [["name": "c", "state": ["terminated": ["exitCode": 1]]]],
        ]
        for status in [
            exited, ["phase": "Running"], ["phase": "Failed"], waiting("ContainerCreating"),
            waiting("CrashLoopBackOff"),
            waiting("ImagePullBackOff", restarts: 1),
        ] {
            #expect(rejection(status) == nil)
        }
    }

    @Test(
        "an edge is left out for 10 s, twice as long each time, at most 10 min, and pods rejected together count once")
    func backOff() {
        let rejections = EdgeRejections()
        var now = ContinuousClock.now
        var waits: [Int64] = []
        for _ in 0..<9 {
            let wait = rejections.note("w", edge: "rome", reason: "full", at: now)
            waits.append(wait.components.seconds)
            #expect(rejections.note("w", edge: "rome", reason: "full", at: now + .seconds(1)) == wait - .seconds(1))
            #expect(
                rejections.reasons("w", at: now + wait - .seconds(1), edges: ["rome", "milan"]) == ["rome": "full"])
            now += wait
            #expect(rejections.reasons("w", at: now, edges: ["rome"]).isEmpty)
        }
        #expect(waits == [10, 20, 40, 80, 160, 320, 600, 600, 600])
        #expect(rejections.reasons("other", at: now - .seconds(5), edges: ["rome"]).isEmpty)
        // Half an hour without a rejection, or a pod that runs: all is forgotten.
        #expect(rejections.note("w", edge: "rome", reason: "full", at: now + .seconds(1801)) == .seconds(10))
        rejections.forgive("w", edge: "rome")
        #expect(rejections.note("w", edge: "rome", reason: "full", at: now + .seconds(1900)) == .seconds(10))
    }

    @Test("what is remembered is bounded")
    func bounded() {
        let rejections = EdgeRejections()
        let now = ContinuousClock.now
        for number in 0...EdgeRejections.limit { rejections.note("w\(number)", edge: "rome", reason: "full", at: now) }
        #expect(rejections.reasons("w\(EdgeRejections.limit)", at: now, edges: ["rome"]) == ["rome": "full"])
        #expect(rejections.reasons("w0", at: now, edges: ["rome"]).isEmpty)
    }

    // MARK: - At the hub

    private func with(
        edges: [String] = ["rome", "milan"], owner: String? = "ReplicaSet", _ body: (HubBench) async throws -> Void
    ) async throws {
        let bench = try HubBench()
        try await bench.run {
            try await bench.namespace()
            try await bench.offloading(finalizers: [Names.offloadingFinalizer])
            for edge in edges { bench.edge(edge) }
            var pod = KubernetesObject(
                .pods, name: "p", namespace: "shop", ["spec": ["nodeName": "liqo-rome", "containers": [["name": "c"]]]])
            if let owner {
                pod.json["metadata", "ownerReferences"] = [
                    ["apiVersion": "apps/v1", "kind": .string(owner), "name": "o", "uid": "o-1", "controller": true]
                ]
            }
            _ = try await bench.cluster.create(.pods, pod)
            try await body(bench)
        }
    }

    private func reject(_ bench: HubBench, _ reason: String = "Forbidden") async throws -> Requeue {
        let uid = try await bench.found(pod: "p")?.uid ?? ""
        let refusal = ObservedPod.Refusal(reason: reason, message: "quota exceeded")
        bench.observe("rome", [item: .pod(ObservedPod(originUID: uid, edgeUID: "", refused: refusal))])
        return try await bench.reconcile(pod: "p")
    }

    private func expectStays(_ bench: HubBench) async throws {
        #expect(try await reject(bench) != .none)
        #expect(try await bench.found(pod: "p") != nil)
    }

    @Test("are replaced, told why, and kept off that edge")
    func replaced() async throws {
        try await with { bench in
            let pod = try await bench.found(pod: "p") ?? KubernetesObject(.null)
            _ = try await reject(bench)
            #expect(try await bench.found(pod: "p") == nil)
            let events = try await bench.cluster.list(.coreEvents, namespace: "shop", ListOptions()).items
            let told = events.first { $0.json["reason"] == "EdgeRejected" }?.json["message"]?.string
            #expect(
                told
                    == "edge rome rejected the pod: Forbidden: quota exceeded; it is tried elsewhere, and not there again for 10 s"
            )
            let advice = EdgeAdvice(
                edges: bench.context.edges, rejections: bench.context.rejections, moves: bench.context.moves,
                offloadings: bench.context.offloadings, adoption: PodAdoption(context: bench.context))
            #expect(advice.excludedNodes(for: pod) == ["liqo-rome": "rome: Forbidden: quota exceeded"])
            var other = pod
            other.ownerReferences = []
            #expect(advice.excludedNodes(for: other).isEmpty)
        }
    }

    @Test("stay where nobody would replace them, or no other edge could take them", arguments: [nil, "DaemonSet"])
    func stays(owner: String?) async throws {
        try await with(owner: owner) { bench in
            try await expectStays(bench)
        }
        try await with(edges: ["rome"]) { bench in
            try await expectStays(bench)
        }
        // The other edge has rejected the workload as well, or takes no pods now: no endless creation.
        try await with { bench in
            bench.context.rejections.note("o-1", edge: "milan", reason: "full")
            try await expectStays(bench)
        }
        try await with { bench in
            bench.context.edges.update("milan") { $0.state = .suspect }
            try await expectStays(bench)
        }
    }

    @Test("an image that is not there yet is given some time first")
    func patience() async throws {
        try await with { bench in
            let uid = try await bench.found(pod: "p")?.uid ?? ""
            let content = ObservedContent.pod(
                ObservedPod(originUID: uid, edgeUID: "e", status: waiting("ErrImagePull")))
            bench.observe("rome", [item: content])
            guard case .after(let wait) = try await bench.reconcile(pod: "p") else {
                Issue.record("not looked at again")
                return
            }
            #expect(wait > .seconds(4) && wait <= .seconds(5))
            #expect(try await bench.found(pod: "p") != nil)
        }
    }
}
