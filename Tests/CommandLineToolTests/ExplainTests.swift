import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import TestKit
import Testing

@testable import CommandLineTool

@Suite struct ExplainTests {
    /// Two edges, of which Milan has room for one pod, with spread pods and one that waits.
    private func world() async throws -> World {
        let world = World()
        for name in ["rome", "milan"] {
            var node = try HypotheticalEdge("\(name)=4,8Gi").node
            if name == "milan" { node.json["status", "allocatable", "pods"] = "1" }
            try await world.create(.nodes, node)
        }
        for (name, node) in [("a", "rome"), ("b", "milan"), ("c", "rome"), ("d", nil)] {
            var pod = KubernetesObject(
                .pods, name: name, namespace: "shop",
                [
                    "metadata": ["labels": ["app": "web"]],
                    "spec": [
                        "containers": [["name": "web"]],
                        "tolerations": [["key": .string(Names.virtualNodeTaint), "operator": "Exists"]],
                        "topologySpreadConstraints": [
                            [
                                "maxSkew": 1, "topologyKey": "kubernetes.io/hostname",
                                "whenUnsatisfiable": "DoNotSchedule", "labelSelector": ["matchLabels": ["app": "web"]],
                            ]
                        ],
                    ],
                ])
            if let node { pod.json["spec", "nodeName"] = .string("liqo-\(node)") }
            if node == nil {
                pod.json["status", "conditions"] = [
                    [
                        "type": "PodScheduled", "status": "False",
                        "message": "0/2 nodes are available: 1 node(s) rejected the pod: full.",
                    ]
                ]
            }
            try await world.create(.pods, pod)
        }
        return world
    }

    @Test(
        "a pod that runs is explained by what the scheduler would do now: the edge, the next one, and each one's reason"
    )
    func placed() async throws {
        let world = try await world()
        #expect(await world.run("explain", "pod", "c", "-n", "shop") == 0)
        let text = world.output.written
        #expect(
            text.hasPrefix(
                """
                Pod shop/c is on rome.
                Placed now it would go to rome; no other would do.
                  milan   no       Too many pods
                  rome    chosen   score 
                """), "\(world.all)")
    }

    @Test("a pod that waits is explained by each edge's reason, who sets the minimum, and what its scheduler said last")
    func pending() async throws {
        let world = try await world()
        #expect(await world.run("explain", "pod", "d", "-n", "shop") == 0)
        #expect(
            world.output.written == """
                Pod shop/d stays Pending: 0/2 nodes are available: 1 Too many pods, 1 node(s) didn't match pod topology spread constraints. Fewest pods have milan.
                Its scheduler said last: 0/2 nodes are available: 1 node(s) rejected the pod: full.
                  milan   no   Too many pods
                  rome    no   node(s) didn't match pod topology spread constraints

                """, "\(world.all)")
    }

    @Test("programs get the same")
    func json() async throws {
        let world = try await world()
        #expect(await world.run("explain", "pod", "d", "-n", "shop", "-o", "json") == 0)
        let json = try JSON(parsing: world.output.written)
        #expect(json["pod"] == ["namespace": "shop", "name": "d"])
        #expect(json["placedOn"] == .null && json["cluster"] == .null && json["limitedBy"] == ["milan"])
        #expect(json["reasons"]?.array?.map { $0["cluster"]?.string } == ["milan", "rome"])
        #expect(await world.run("explain", "pod", "a", "-n", "shop", "-o", "json") == 0)
    }

    @Test("what cannot be explained is told")
    func refused() async throws {
        let world = try await world()
        #expect(await world.run("explain", "pod", "x", "-n", "shop") == 1)
        #expect(world.errors.written.contains("there is no pod x in namespace shop"))
        var pod = try await world.cluster.get(.pods, namespace: "shop", name: "a")
        pod.status = ["phase": "Succeeded"]
        _ = try await world.cluster.updateStatus(.pods, pod)
        #expect(await world.run("explain", "pod", "a", "-n", "shop") == 1)
        #expect(world.errors.written.contains("has ended"))
    }
}
