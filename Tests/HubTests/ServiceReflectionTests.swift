import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import TestKit
import Testing
import Wire

@testable import Hub

@Suite("Services of offloaded namespaces", .timeLimit(.minutes(1))) struct ServiceReflectionTests {
    @Test("they go to the edges that hold the namespace, as reached inside only, and follow the origin")
    func reflected() async throws {
        let bench = try HubBench()
        let key = ItemKey(kind: "Service", namespace: "shop", name: "web")
        let reflection = ServiceReflection(context: bench.context)
        try await bench.run {
            try await bench.namespace()
            try await bench.namespace("plain")
            try await bench.offloading(finalizers: ["causeway.io/offloading"])
            bench.edge("rome")
            func service(_ name: String, _ namespace: String, _ spec: JSON) async throws {
                _ = try await bench.cluster.create(
                    .services, KubernetesObject(.services, name: name, namespace: namespace, ["spec": spec]))
            }
            let spec: JSON = [
                "type": "NodePort", "clusterIP": "10.0.0.7", "selector": ["app": "web"],
                "ports": [["port": 80, "nodePort": 30080]],
            ]
            try await service("web", "shop", spec)
            try await service("by-hand", "shop", ["ports": [["port": 80]]])
            try await service("web", "plain", spec)
            func look() async throws {
                try await bench.settle()
                for namespace in ["shop", "plain"] { reflection.reconcile(namespace) }
            }
            try await look()
            #expect(bench.context.desired.items("rome").keys.sorted() == [key])
            #expect(
                bench.context.desired["rome", key]?.content.object
                    == DesiredObject(
                        remoteNamespace: "shop",
                        fields: [
                            "spec": ["type": "ClusterIP", "selector": ["app": "web"], "ports": [["port": 80]]]
                        ]))
            bench.edge("milan")
            try await look()
            #expect(bench.context.desired["milan", key] != nil)
            try await bench.cluster.delete(.services, namespace: "shop", name: "web", DeleteOptions())
            try await look()
            #expect(bench.context.desired.items("rome").isEmpty && bench.context.desired.items("milan").isEmpty)
        }
    }
}
