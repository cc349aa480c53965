import JSONTree
import KubernetesModel
import Testing

@testable import EmbeddedCluster

@Suite("The health of local nodes")
struct NodeHealthTests {
    private func node(ready: String, taints: JSON = []) -> KubernetesObject {
        KubernetesObject([
            "metadata": ["name": "n"], "spec": ["taints": taints],
            "status": ["conditions": [["type": "Ready", "status": .string(ready), "lastHeartbeatTime": "then"]]],
        ])
    }

    @Test("a silent node's conditions become Unknown and keep the last heartbeat")
    func silence() {
        let status = NodeHealth.silentStatus(node(ready: "True"), now: 100)
        let ready = Conditions.find("Ready", in: status["conditions"])
        #expect(ready?["status"]?.string == "Unknown")
        #expect(ready?["reason"]?.string == "NodeStatusUnknown")
        #expect(ready?["message"]?.string == "Kubelet stopped posting node status.")
        #expect(ready?["lastHeartbeatTime"]?.string == "then")
        let pressure = Conditions.find("MemoryPressure", in: status["conditions"])
        #expect(pressure?["reason"]?.string == "NodeStatusNeverUpdated")
    }

    @Test("taints follow the Ready condition and leave others alone")
    func taints() {
        let own: JSON = ["key": "mine", "effect": "NoSchedule"]
        let unknown = NodeHealth.taints(of: node(ready: "Unknown", taints: [own]), now: 100)
        #expect(
            unknown == [
                own, ["key": "node.kubernetes.io/unreachable", "effect": "NoSchedule"],
                [
                    "key": "node.kubernetes.io/unreachable", "effect": "NoExecute",
                    "timeAdded": .string(Timestamp.text(100)),
                ],
            ])
        #expect(NodeHealth.taints(of: node(ready: "Unknown", taints: .array(unknown)), now: 200) == unknown)
        #expect(NodeHealth.taints(of: node(ready: "True", taints: .array(unknown)), now: 200) == [own])
        let new = KubernetesObject(["spec": ["taints": [own]]])
        #expect(NodeHealth.taints(of: new, now: 200) == [own])
    }

    @Test("a pod bears a taint as long as its tolerations say")
    func eviction() {
        let taints: [JSON] = [
            ["key": "k", "effect": "NoExecute", "timeAdded": .string(Timestamp.text(100))],
            ["key": "other", "effect": "NoSchedule"],
        ]
        func time(_ tolerations: JSON) -> Int? {
            NodeHealth.evictionTime(
                of: KubernetesObject(["spec": ["tolerations": tolerations]]), taints: taints, now: 150)
        }
        #expect(time([]) == 150)
        #expect(time([["key": "k", "operator": "Exists"]]) == nil)
        #expect(time([["key": "k", "operator": "Exists", "tolerationSeconds": 300]]) == 400)
    }
}
