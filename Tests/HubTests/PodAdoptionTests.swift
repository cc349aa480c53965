import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import TestKit
import Testing

@testable import Hub

@Suite("Pods that came past the admission", .timeLimit(.minutes(1))) struct PodAdoptionTests {
    private let key = ObjectKey(namespace: "shop", name: "p")

    private func with(
        strategy: String = "Remote", spec: JSON = [:], _ body: (HubBench, PodAdoption) async throws -> Void
    ) async throws {
        let bench = try HubBench()
        try await bench.run {
            try await bench.namespace()
            bench.edge("rome")
            try await bench.offloading(strategy: strategy)
            var whole: JSON = [
                "schedulerName": "default-scheduler", "containers": [["name": "c", "image": "nginx"]],
                "tolerations": [["key": "own", "operator": "Exists"]],
            ]
            for (name, value) in spec.object ?? JSONObject() { whole[name] = value }
            _ = try await bench.cluster.create(
                .pods, KubernetesObject(.pods, name: "p", namespace: "shop", ["spec": whole]))
            try await bench.settle()
            try await body(bench, PodAdoption(context: bench.context))
        }
    }

    @Test("get the toleration beside their own and a mark, once, and are told why")
    func adopted() async throws {
        try await with { bench, adoption in
            #expect(try await adoption.reconcile(key) == .none)
            try await bench.settle()
            let pod = try #require(try await bench.found(pod: "p"))
            #expect(
                pod.spec["tolerations"]?.array?.compactMap { $0["key"]?.string } == ["own", Names.virtualNodeTaint])
            #expect(pod.annotation(Names.adoptedAnnotation) == "true")
            #expect(pod.spec["schedulerName"] == "default-scheduler")
            let events = try await bench.cluster.list(.coreEvents, namespace: "shop").items
            #expect(events.map { $0.json["reason"] } == ["Adopted"])
            _ = try await adoption.reconcile(key)
            #expect(try await bench.found(pod: "p")?.resourceVersion == pod.resourceVersion)
        }
    }

    @Test("are taken once more where somebody else was faster, or the cluster says so")
    func conflict() async throws {
        try await with { bench, adoption in
            bench.cluster.failure = APIError.conflict(.pods, "p")
            await #expect(throws: APIError.self) { try await adoption.reconcile(key) }
            bench.cluster.failure = nil
            _ = try await adoption.reconcile(key)
            #expect(try await bench.found(pod: "p")?.annotation(Names.adoptedAnnotation) == "true")
        }
    }

    @Test("are placed as if they had been admitted, once they are marked")
    func placed() async throws {
        try await with { bench, adoption in
            let before = try #require(try await bench.found(pod: "p"))
            #expect(adoption.placed(before) == before)
            _ = try await adoption.reconcile(key)
            let pod = try #require(try await bench.found(pod: "p"))
            let placed = adoption.placed(pod)
            #expect(placed.spec["schedulerName"]?.string == Names.schedulerName)
            #expect(placed.spec["affinity"] != nil)
            #expect(placed.uid == pod.uid)
            let advice = EdgeAdvice(
                edges: bench.context.edges, rejections: bench.context.rejections, moves: bench.context.moves,
                offloadings: bench.context.offloadings, adoption: adoption)
            #expect(advice.placed(pod) == placed)
            // Not any more, once it has a node.
            var bound = pod
            bound.json["spec", "nodeName"] = "liqo-rome"
            #expect(adoption.placed(bound) == bound)
        }
    }

    @Test(
        "are left alone where another scheduler has them, or they have a node",
        arguments: [["schedulerName": "mine"], ["nodeName": "n1"]] as [JSON])
    func others(_ spec: JSON) async throws {
        try await with(spec: spec) { bench, adoption in
            let before = try await bench.found(pod: "p")
            _ = try await adoption.reconcile(key)
            #expect(try await bench.found(pod: "p") == before)
        }
    }

    @Test("are left alone where the offloading keeps pods at home")
    func local() async throws {
        try await with(strategy: "Local") { bench, adoption in
            let before = try await bench.found(pod: "p")
            _ = try await adoption.reconcile(key)
            #expect(try await bench.found(pod: "p") == before)
        }
    }
}
