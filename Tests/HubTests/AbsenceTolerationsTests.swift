import Hub
import JSONTree
import KubernetesModel
import OffloadingModel
import Testing

@Suite("Tolerations of an edge's absence")
struct AbsenceTolerationsTests {
    private func toleration(_ key: String, _ seconds: Int?) -> JSON {
        var json: JSON = [
            "key": .string("node.kubernetes.io/\(key)"), "operator": "Exists", "effect": "NoExecute",
        ]
        if let seconds { json["tolerationSeconds"] = JSON(seconds) }
        return json
    }

    private func pod(_ tolerations: [JSON]) -> KubernetesObject {
        KubernetesObject(.pods, name: "a", namespace: "shop", ["spec": ["tolerations": .array(tolerations)]])
    }

    @Test("what Kubernetes gives every pod has no end any more, and the edge's pod has it as before")
    func extended() {
        let other: JSON = ["key": "mine", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300]
        var pod = pod([toleration("not-ready", 300), other, toleration("unreachable", 300)])
        let before = pod
        #expect(AbsenceTolerations.extend(&pod, .reschedule(after: .seconds(10))))
        #expect(pod.spec["tolerations"] == [toleration("not-ready", nil), other, toleration("unreachable", nil)])
        let remote = RemotePod.make(from: pod, namespace: "shop", originClusterID: "cid")
        #expect(remote.spec["tolerations"] == before.spec["tolerations"])
        #expect(remote.annotations.isEmpty)
    }

    @Test("twice changes nothing more")
    func idempotent() {
        var pod = pod([toleration("not-ready", 300)])
        #expect(AbsenceTolerations.extend(&pod, .keep))
        let once = pod
        #expect(!AbsenceTolerations.extend(&pod, .keep))
        #expect(pod == once)
    }

    @Test("a pod's own wish stays, unless its namespace keeps pods")
    func ownWish() {
        var pod = pod([toleration("not-ready", 60), toleration("unreachable", 300)])
        #expect(AbsenceTolerations.extend(&pod, .reschedule(after: .zero)))
        #expect(pod.spec["tolerations"] == [toleration("not-ready", 60), toleration("unreachable", nil)])
        // The namespace's policy has changed since.
        #expect(AbsenceTolerations.extend(&pod, .keep))
        #expect(pod.spec["tolerations"] == [toleration("not-ready", nil), toleration("unreachable", nil)])
        let remote = RemotePod.make(from: pod, namespace: "shop", originClusterID: "cid")
        #expect(remote.spec["tolerations"] == [toleration("not-ready", 60), toleration("unreachable", 300)])
    }

    @Test("one without an end is the pod's own, at the edge as well")
    func endless() {
        var pod = pod([toleration("not-ready", nil)])
        #expect(!AbsenceTolerations.extend(&pod, .keep))
        let remote = RemotePod.make(from: pod, namespace: "shop", originClusterID: "cid")
        #expect(remote.spec["tolerations"] == [toleration("not-ready", nil)])
    }
}
