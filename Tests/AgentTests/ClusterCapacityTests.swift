import JSONTree
import KubernetesModel
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
            others: [pod("o", node: "a", cpu: "500m"), pod("done", node: "a", cpu: "1", phase: "Succeeded")],
            own: [pod("p", node: "b", cpu: "3500m")])
        #expect(found.capacity.texts == ["cpu": "7", "memory": "12Gi", "pods": "30"])
        #expect(found.allocatable.texts == ["cpu": "5500m", "memory": "5Gi", "pods": "19"])
        #expect(found.largestFit.texts == ["cpu": "1500m", "memory": "2Gi", "pods": "9"])
        #expect(found.readyNodes == 3)
        #expect(found.nodes == 4)
    }

    @Test("no node has less than nothing, and no nodes have nothing")
    func none() {
        let full = ClusterCapacity(
            nodes: [node("a", cpu: "1")], others: [pod("o", node: "a", cpu: "3")], own: [])
        #expect(full.allocatable["cpu"]?.isZero == true)
        #expect(ClusterCapacity(nodes: [], others: [], own: []).capacity.isEmpty)
    }
}
