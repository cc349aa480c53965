import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import Testing

@testable import Agent

@Suite struct ClusterCapacityTests {
    private func node(
        _ name: String, cpu: String, ready: Bool = true, virtual: Bool = false, cordoned: Bool = false
    ) -> KubernetesObject {
        KubernetesObject(
            .nodes, name: name,
            [
                "metadata": ["labels": virtual ? ["liqo.io/type": "virtual-node"] : [:]],
                "spec": ["unschedulable": .bool(cordoned)],
                "status": [
                    "capacity": ["cpu": .string(cpu), "memory": "4Gi", "pods": "10"],
                    "allocatable": ["cpu": .string(cpu), "memory": "3Gi", "pods": "10"],
                    "conditions": [["type": "Ready", "status": ready ? "True" : "False"]],
                    "nodeInfo": ["architecture": "arm64"],
                ],
            ])
    }

    private func pod(_ name: String, node: String, cpu: String, phase: String = "Running") -> KubernetesObject {
        KubernetesObject(
            .pods, name: name, namespace: "x",
            [
                "spec": [
                    "nodeName": .string(node),
                    "containers": [["name": "c", "resources": ["requests": ["cpu": .string(cpu), "memory": "1Gi"]]]],
                ], "status": ["phase": .string(phase)],
            ])
    }

    @Test("ready plain nodes are summed up, less what the pods of others take; the hub's own pods are not subtracted")
    func sums() {
        let found = ClusterCapacity(
            nodes: [
                node("a", cpu: "2"), node("b", cpu: "4"), node("c", cpu: "8", ready: false),
                node("d", cpu: "16", virtual: true), node("e", cpu: "1", cordoned: true),
            ],
            others: Self.taken([
                pod("o", node: "a", cpu: "500m"), pod("done", node: "a", cpu: "1", phase: "Succeeded"),
            ]),
            own: Self.taken([pod("p", node: "b", cpu: "3500m")]))
        #expect(found.capacity.texts == ["cpu": "7", "memory": "12Gi", "pods": "30"])
        #expect(found.allocatable.texts == ["cpu": "5500m", "memory": "5Gi", "pods": "19"])
        #expect(found.largestFit.texts == ["cpu": "1500m", "memory": "2Gi", "pods": "9"])
        #expect(found.readyNodes == 3)
        #expect(found.nodes == 4)
    }

    @Test("no node has less than nothing, and no nodes have nothing")
    func none() {
        let full = ClusterCapacity(
            nodes: [node("a", cpu: "1")], others: Self.taken([pod("o", node: "a", cpu: "3")]), own: [:])
        #expect(full.allocatable["cpu"]?.isZero == true)
        #expect(ClusterCapacity(nodes: [], others: [:], own: [:]).capacity.isEmpty)
    }

    private static func taken(_ pods: [KubernetesObject]) -> [String: ResourceAmounts] {
        let usage = PodUsage()
        for pod in pods { usage.note(InformerChange(old: nil, new: pod)) }
        return usage.amounts(of: "").own
    }

    @Test("what pods take is counted while they are bound and have not ended, each for its hub")
    func usage() {
        func offloaded(_ pod: KubernetesObject, by hub: String) -> KubernetesObject {
            var pod = pod
            pod.labels = [Names.managedByLabel: Names.managedByValue, Names.originClusterIDLabel: hub]
            pod.annotations = [Names.originalNamespaceAnnotation: "shop"]
            return pod
        }
        let usage = PodUsage()
        var last: [String: KubernetesObject] = [:]
        func become(_ name: String, _ pod: KubernetesObject?) {
            usage.note(InformerChange(old: last[name], new: pod))
            last[name] = pod
        }
        func cpu(_ amounts: [String: ResourceAmounts]) -> [String: String] {
            amounts.compactMapValues { $0.texts["cpu"] }
        }

        var waiting = offloaded(pod("p", node: "a", cpu: "1"), by: "hub-1")
        waiting.json["spec", "nodeName"] = nil
        become("p", waiting)
        #expect(usage.amounts(of: "hub-1").own.isEmpty)
        become("p", offloaded(pod("p", node: "a", cpu: "1"), by: "hub-1"))
        become("q", offloaded(pod("q", node: "a", cpu: "2"), by: "hub-2"))
        become("r", pod("r", node: "b", cpu: "4"))
        #expect(cpu(usage.amounts(of: "hub-1").own) == ["a": "1"])
        #expect(cpu(usage.amounts(of: "hub-1").others) == ["a": "2", "b": "4"])
        #expect(cpu(usage.amounts(of: "hub-2").own) == ["a": "2"])
        // Resized where it runs.
        become("p", offloaded(pod("p", node: "a", cpu: "3"), by: "hub-1"))
        #expect(cpu(usage.amounts(of: "hub-2").others) == ["a": "3", "b": "4"])
        become("p", offloaded(pod("p", node: "a", cpu: "3", phase: "Succeeded"), by: "hub-1"))
        become("q", nil)
        #expect(usage.amounts(of: "hub-1").own.isEmpty)
        #expect(cpu(usage.amounts(of: "hub-1").others) == ["b": "4"])
        become("p", nil)
        become("r", nil)
        #expect(usage.amounts(of: "hub-1").others.isEmpty)
    }
}
