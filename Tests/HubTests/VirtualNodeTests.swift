import JSONTree
import KubernetesModel
import OffloadingModel
import Scheduling
import Testing
import Wire

@testable import Hub

@Suite("The node that stands for an edge") struct VirtualNodeTests {
    private let cluster = ForeignCluster(
        name: "rome", clusterID: "rome-1", clusterName: "rome", authURL: "tls://h:1", outgoing: .yes, incoming: .auto)

    private func node(_ state: EdgeState, before: KubernetesObject? = nil) -> KubernetesObject {
        VirtualNode.node(cluster, HubBench.advertisement, state: state, before: before)
    }

    private func condition(_ type: String, _ state: EdgeState, isNetworkUp: Bool = true) -> String? {
        let status = VirtualNode.status(
            HubBench.advertisement, state: state, isNetworkUp: isNetworkUp, address: "10.0.0.1", before: [:], now: 1)
        return Conditions.find(type, in: status["conditions"])?["status"]?.string
    }

    @Test("amounts are written no more often than every two seconds, anything else at once")
    func pace() {
        #expect(
            VirtualNode.areAmountsAllThatDiffers(
                ["capacity": ["cpu": "1"], "conditions": []], ["capacity": ["cpu": "2"], "conditions": []]))
        #expect(!VirtualNode.areAmountsAllThatDiffers(["conditions": []], ["conditions": [["type": "Ready"]]]))
        let pace = NodeStatusPace()
        let begun = ContinuousClock.now
        #expect(pace.wait(for: "a", now: begun) == nil)
        pace.wrote("a", now: begun)
        #expect(pace.wait(for: "a", now: begun + .seconds(1)) == NodeStatusPace.interval - .seconds(1))
        #expect(pace.wait(for: "a", now: begun + NodeStatusPace.interval) == nil)
        #expect(pace.wait(for: "b", now: begun) == nil)
    }

    @Test("an edge's labels do not overrule what says what the node is (A7)")
    func labels() {
        var edge = HubBench.advertisement
        edge.labels = [
            Names.typeLabel: "x", Names.remoteClusterIDLabel: "x", Names.roleLabel: "x", "kubernetes.io/hostname": "x",
            "kubernetes.io/arch": "x", "kubernetes.io/os": "x", "own": "kept",
        ]
        #expect(
            VirtualNode.labels(cluster, edge) == [
                Names.typeLabel: "virtual-node", Names.remoteClusterIDLabel: "rome-1", Names.roleLabel: "agent",
                "kubernetes.io/hostname": "liqo-rome", "kubernetes.io/arch": "arm64", "kubernetes.io/os": "linux",
                "node.kubernetes.io/exclude-from-external-load-balancers": "true", "own": "kept",
            ])
    }

    @Test("the taint by which the cluster's own controller evicts is not the hub's to take away")
    func evictionTaint() {
        var before = node(.ready)
        let taints: [JSON] = [
            ["key": "node.kubernetes.io/unreachable", "effect": "NoExecute"],
            ["key": "node.kubernetes.io/unreachable", "effect": "NoSchedule"],
        ]
        before.json["spec", "taints"] = .array(taints)
        func unreachable(_ state: EdgeState) -> [JSON] {
            (node(state, before: before).spec["taints"]?.array ?? []).filter {
                $0["key"] == "node.kubernetes.io/unreachable"
            }
        }
        #expect(unreachable(.ready) == [taints[0]])
        #expect(unreachable(.lost) == taints)
    }

    @Test("labels and amounts that no node can have are left out")
    func sanitized() {
        var edge = HubBench.advertisement
        edge.labels = ["good": "yes", "bad key": "x", "worse": "no spaces here", "": "x"]
        edge.capacity = ["cpu": "4", "memory": "much", "bad key": "1"]
        let result = VirtualNode.sanitized(edge)
        #expect(result.labels == ["good": "yes"])
        #expect(result.capacity == ["cpu": "4"])
        #expect(result.allocatable == edge.allocatable)
    }

    @Test("whoever sees only the node knows the edge's state from it", arguments: EdgeState.allCases)
    func shownState(state: EdgeState) {
        #expect(EdgeState.annotation == Names.edgeStateAnnotation)
        #expect(EdgeState(shownBy: node(state)) == state)
        #expect(EdgeState(shownBy: KubernetesObject(.nodes, name: "ordinary")) == .ready)
    }

    @Test("its taints follow the state, and those of others stay")
    func taints() {
        var before = node(.ready)
        let own: JSON = ["key": "mine", "effect": "NoSchedule"]
        before.json["spec", "taints"] = .array((before.spec["taints"]?.array ?? []) + [own])
        func keys(_ node: KubernetesObject) -> Set<String> {
            Set((node.spec["taints"]?.array ?? []).compactMap { $0["key"]?.string })
        }
        #expect(keys(before) == [Names.virtualNodeTaint, "mine"])
        let lost = node(.disconnected, before: before)
        #expect(keys(lost) == [Names.virtualNodeTaint, "mine", "node.kubernetes.io/unreachable"])
        #expect(keys(node(.ready, before: lost)) == [Names.virtualNodeTaint, "mine"])
    }

    @Test("a withdrawal's cordon is taken off again, a user's is not")
    func cordons() {
        #expect(node(.ready, before: node(.draining)).spec["unschedulable"] == nil)
        var cordoned = node(.ready)
        cordoned.json["spec", "unschedulable"] = true
        #expect(node(.suspect, before: cordoned).spec["unschedulable"] == true)
    }

    @Test(
        "its conditions follow the edge's state",
        arguments: [
            (EdgeState.joining, "False"), (.ready, "True"), (.suspect, "True"), (.draining, "True"),
            (.degraded, "False"), (.disconnected, "Unknown"), (.lost, "Unknown"), (.left, "False"),
        ])
    func conditions(state: EdgeState, ready: String) {
        #expect(condition("Ready", state) == ready)
        #expect(condition("NetworkUnavailable", state) == "False")
        #expect(condition("NetworkUnavailable", state, isNetworkUp: false) == "True")
    }

    @Test("a hub that starts anew reads from the node what the edge said")
    func remembered() {
        var stored = node(.ready)
        stored.status = VirtualNode.status(
            HubBench.advertisement, state: .ready, isNetworkUp: true, address: "10.0.0.1", before: [:], now: 1)
        let read = VirtualNode.advertisement(from: stored)
        #expect(read.capacity == HubBench.advertisement.capacity)
        #expect(read.architecture == "arm64" && read.operatingSystem == "linux")
        #expect(VirtualNode.labels(cluster, read) == VirtualNode.labels(cluster, HubBench.advertisement))
    }
}
