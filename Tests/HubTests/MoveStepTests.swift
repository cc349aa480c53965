import JSONTree
import KubernetesModel
import OffloadingModel
import Testing

@testable import Hub

@Suite("What is next for a pod that is being moved") struct MoveStepTests {
    private let mark = MoveMark(
        hash: "abc", workload: "web", workloadUID: "rs-1", target: "liqo-rome", since: 1000, newest: 600)

    private func replicaSet(_ replicas: Int, uid: String = "rs-1") -> KubernetesObject {
        KubernetesObject(
            .replicaSets, name: "web", namespace: "shop",
            ["metadata": ["uid": .string(uid)], "spec": ["replicas": JSON(replicas)]])
    }

    private func pod(
        _ name: String, on node: String = "liqo-milan", ready: Bool = true, created: Int = 500, moved: Bool = false
    ) -> KubernetesObject {
        var metadata: JSON = ["uid": .string(name), "creationTimestamp": .string(Timestamp.text(created))]
        if moved { metadata["annotations"] = [Names.movedAtAnnotation: "900"] }
        return KubernetesObject(
            .pods, name: name, namespace: "shop",
            [
                "metadata": metadata, "spec": ["nodeName": .string(node)],
                "status": ["conditions": [["type": "Ready", "status": .string(ready ? "True" : "False")]]],
            ])
    }

    private func next(
        _ replicaSet: KubernetesObject?, _ pods: [KubernetesObject], now: Int = 1010, obstacle: String? = nil
    ) -> MoveStep {
        MoveStep.next(mark, replicaSet: replicaSet, pods: pods, now: now, obstacle: obstacle)
    }

    @Test("it waits until as many are ready as are wanted, and is evicted then, never before")
    func evicted() {
        #expect(next(replicaSet(2), [pod("a")]) == .wait)
        #expect(next(replicaSet(2), [pod("a"), pod("new", on: "liqo-rome", ready: false, created: 601)]) == .wait)
        let new = pod("new", on: "liqo-rome", created: 601)
        #expect(next(replicaSet(2), [pod("a"), new]) == .evict(replacement: new))
        var going = new
        going.json["metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z"
        #expect(next(replicaSet(2), [pod("a"), going]) == .wait)
        // Fewer are wanted by now; and what took another's place is not taken for new.
        #expect(next(replicaSet(1), [pod("a")]) == .evict(replacement: nil))
        #expect(
            next(replicaSet(1), [pod("b", on: "liqo-rome", created: 601, moved: true)]) == .evict(replacement: nil))
        #expect(
            next(replicaSet(2), [pod("a"), new], now: 5000, obstacle: "edge rome is not well")
                == .evict(replacement: new))
    }

    @Test("the pod that a move was to bring is the newest one that is not ready")
    func unfinished() {
        let new = pod("new", ready: false, created: 601)
        #expect(MoveStep.unfinished(mark, of: [pod("a"), pod("sick", ready: false), new]) == new)
        #expect(MoveStep.unfinished(mark, of: [pod("a"), pod("sick", ready: false), pod("b", created: 601)]) == nil)
    }

    @Test("it is taken back after two minutes, and at once where something speaks against it")
    func undone() {
        #expect(next(replicaSet(2), [pod("a")], now: 1120) == .wait)
        #expect(next(replicaSet(2), [pod("a")], now: 1121) == .undo("no new pod was ready within 120 s"))
        #expect(next(replicaSet(2), [pod("a")], obstacle: "edge rome is not well") == .undo("edge rome is not well"))
    }

    @Test("it goes where nobody wants it any more")
    func discarded() {
        #expect(next(nil, []) == .discard)
        #expect(next(replicaSet(2, uid: "rs-2"), []) == .discard)
        var going = replicaSet(2)
        going.json["metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z"
        #expect(next(going, []) == .discard)
    }

    @Test("what it says of its move can be read again, and nothing else can")
    func mark_() throws {
        var pod = pod("p")
        #expect(MoveMark(pod) == nil)
        pod.json.merge(["metadata": mark.beginning])
        #expect(MoveMark(pod) == mark)
        #expect(pod.label(MoveMark.label) == nil)
        pod.json.merge(["metadata": mark.undoing])
        #expect(MoveMark(pod) == nil && pod.label(MoveMark.label) == "abc")
        pod.json["metadata", "annotations", Names.rebalancingAnnotation] = "{}"
        #expect(MoveMark(pod) == nil)
    }
}
