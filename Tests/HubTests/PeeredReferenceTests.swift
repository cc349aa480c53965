import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import TestKit
import Testing

@Suite("What pods use, over loopback", .timeLimit(.minutes(1)), .serialized) struct PeeredReferenceTests {
    private static let contents = "aHVudGVyMi1vdmVyLXRoZS13aXJl"

    private func found(_ pair: PeeredPair, _ kind: ReflectedKind, _ name: String) async throws -> KubernetesObject? {
        try await pair.edge.find(kind.type, namespace: "shop", name: name)
    }

    /// Peered, with a pod at the edge that uses the Secret `key`.
    private func with(_ way: Way, _ body: (PeeredPair) async throws -> Void) async throws {
        let pair = try await PeeredPair(way)
        for audit in [pair.hubAudit, pair.edgeAudit] {
            audit.watch(for: Self.contents)
            audit.watch(for: "hunter2-over-the-wire")
        }
        try await pair.run {
            try await pair.peer()
            try await eventually("peered") { try await pair.isEstablished() }
            try await pair.offload()
            try await eventually("offloaded") { try await pair.phase() == "Ready" }
            _ = try await pair.origin.create(
                .secrets,
                KubernetesObject(
                    .secrets, name: "key", namespace: "shop",
                    ["data": ["password": .string(Self.contents)], "type": "Opaque"]))
            _ = try await pair.origin.create(
                .pods,
                KubernetesObject(
                    .pods, name: "p", namespace: "shop",
                    [
                        "spec": [
                            "nodeName": "liqo-rome", "serviceAccountName": "builder",
                            "containers": [
                                ["name": "c", "image": "nginx", "envFrom": [["secretRef": ["name": "key"]]]]
                            ],
                        ]
                    ]))
            try await eventually("the pod is at the edge") { try await pair.edgePod("p") != nil }
            try await body(pair)
        }
        #expect(pair.hubAudit.leaks.isEmpty && pair.edgeAudit.leaks.isEmpty)
    }

    @Test(
        "a pod finds its Secret and its account, changes come, and all go with the pod; nobody logs it",
        arguments: Way.allCases)
    func lives(_ way: Way) async throws {
        try await with(way) { pair in
            #expect(try await found(pair, .secret, "key")?.json["data"] == ["password": .string(Self.contents)])
            #expect(try await found(pair, .serviceAccount, "builder") != nil)
            #expect(try await pair.edgePod("p")?.spec["serviceAccountName"] == "builder")
            _ = try await pair.origin.merge(.secrets, namespace: "shop", name: "key", ["data": ["more": "eA=="]])
            try await eventually("changed") { try await found(pair, .secret, "key")?.json["data", "more"] == "eA==" }
            try await pair.origin.delete(.pods, namespace: "shop", name: "p", DeleteOptions())
            try await eventually("gone") {
                let (secret, account) = (
                    try await found(pair, .secret, "key"), try await found(pair, .serviceAccount, "builder")
                )
                return secret == nil && account == nil
            }
        }
    }

    @Test("neither a hub nor an agent that is started anew touches what is as it should be")
    func restarts() async throws {
        try await with(.hubDials) { pair in
            try await pair.run(pod: "p")
            let before = try #require(try await found(pair, .secret, "key"))
            await pair.stopHub()
            try await pair.startHub()
            try await eventually("connected again") { try await pair.isEstablished() }
            await pair.stopAgent()
            try await pair.startAgent()
            // What is new arrives after all that was to be said before.
            _ = try await pair.origin.create(
                .configMaps, KubernetesObject(.configMaps, name: "late", namespace: "shop", ["data": ["a": "b"]]))
            _ = try await pair.origin.create(
                .pods,
                KubernetesObject(
                    .pods, name: "q", namespace: "shop",
                    [
                        "spec": [
                            "nodeName": "liqo-rome",
                            "containers": [
                                ["name": "c", "image": "nginx", "envFrom": [["configMapRef": ["name": "late"]]]]
                            ],
                        ]
                    ]))
            try await eventually("the second pod is at the edge") { try await pair.edgePod("q") != nil }
            #expect(try await found(pair, .secret, "key") == before)
            // What went while the agent was away goes when it is back.
            await pair.stopAgent()
            try await pair.origin.delete(.pods, namespace: "shop", name: "q", DeleteOptions(gracePeriodSeconds: 0))
            try await pair.startAgent()
            try await eventually("gone") { try await found(pair, .configMap, "late") == nil }
            #expect(try await found(pair, .secret, "key") == before)
        }
    }

    @Test("what somebody at the edge has under that name stays his, and the pod's events say so")
    func conflict() async throws {
        try await with(.hubDials) { pair in
            let own = try await pair.edge.create(
                .configMaps, KubernetesObject(.configMaps, name: "mine", namespace: "shop", ["data": ["a": "b"]]))
            _ = try await pair.origin.create(
                .configMaps, KubernetesObject(.configMaps, name: "mine", namespace: "shop", ["data": ["a": "c"]]))
            _ = try await pair.origin.create(
                .pods,
                KubernetesObject(
                    .pods, name: "q", namespace: "shop",
                    [
                        "spec": [
                            "nodeName": "liqo-rome", "containers": [["name": "c", "image": "nginx"]],
                            "volumes": [["name": "v", "configMap": ["name": "mine"]]],
                        ]
                    ]))
            try await eventually("told") {
                try await pair.origin.list(.coreEvents).items.contains {
                    $0.json["reason"] == "NotReflected"
                        && $0.json["message"]?.string?.contains(
                            "ConfigMap \"mine\" is not on edge rome: namespace shop has") == true
                }
            }
            #expect(try await pair.edge.get(.configMaps, namespace: "shop", name: "mine") == own)
            try await pair.unpeer()
            try await eventually("the namespace is gone") { try await pair.edge.find(.namespaces, name: "shop") == nil }
        }
    }
}
