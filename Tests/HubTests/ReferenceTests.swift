import ClusterAPI
import ClusterBootstrap
import JSONTree
import KubernetesModel
import OffloadingModel
import TestKit
import Testing
import Wire

@testable import Hub

@Suite("What pods use goes where the pods are", .timeLimit(.minutes(1))) struct ReferenceTests {
    private static let map = ItemKey(kind: "ConfigMap", namespace: "shop", name: "settings")
    private static let secret = ItemKey(kind: "Secret", namespace: "shop", name: "key")
    private static let account = ItemKey(kind: "ServiceAccount", namespace: "shop", name: "builder")

    /// A namespace that is offloaded to two edges.
    private func with(_ body: (HubBench) async throws -> Void) async throws {
        let bench = try HubBench()
        try await bench.run {
            try await bench.namespace()
            try await bench.offloading(finalizers: ["causeway.io/offloading"])
            bench.edge("rome")
            bench.edge("milan")
            try await body(bench)
        }
    }

    private func create(_ bench: HubBench, _ type: ResourceType, _ name: String, _ fields: JSON) async throws {
        _ = try await bench.cluster.create(type, KubernetesObject(type, name: name, namespace: "shop", fields))
    }

    /// A pod that uses the ConfigMap `settings`, the Secret `key` and the account `builder`.
    private func pod(_ bench: HubBench, _ name: String, on edge: String = "rome") async throws {
        try await bench.pod(name, on: "liqo-\(edge)")
        _ = try await bench.cluster.merge(
            .pods, namespace: "shop", name: name,
            [
                "spec": [
                    "serviceAccountName": "builder",
                    "volumes": [["name": "a", "configMap": ["name": "settings"]]],
                    "containers": [
                        [
                            "name": "c", "image": "nginx",
                            "env": [["name": "K", "valueFrom": ["secretKeyRef": ["name": "key", "key": "k"]]]],
                        ]
                    ],
                ]
            ])
    }

    private func sent(_ bench: HubBench, _ name: String, to edge: String = "rome") async throws {
        try await eventually("\(name) is sent") {
            _ = try await bench.reconcile(pod: name)
            return bench.context.desired[edge, .pod("shop", name)] != nil
        }
    }

    private func fields(_ bench: HubBench, _ key: ItemKey, at edge: String = "rome") -> JSON? {
        bench.context.desired[edge, key]?.content.object?.fields
    }

    @Test("the pod is sent after what it uses, to its edge only, and nothing else is")
    func sends() async throws {
        try await with { bench in
            try await create(bench, .configMaps, "settings", ["data": ["a": "1"]])
            try await create(bench, .configMaps, "other", ["data": ["a": "1"]])
            try await create(bench, .secrets, "key", ["data": ["k": "dg=="], "type": "Opaque"])
            try await pod(bench, "p")
            _ = try await bench.reconcile(pod: "p")
            if bench.context.desired["rome", .pod("shop", "p")] != nil { #expect(fields(bench, Self.map) != nil) }
            try await sent(bench, "p")
            #expect(fields(bench, Self.map) == ["data": ["a": "1"]])
            #expect(fields(bench, Self.secret) == ["data": ["k": "dg=="], "type": "Opaque"])
            #expect(fields(bench, Self.account) == ["automountServiceAccountToken": false])
            #expect(bench.context.desired["rome", Self.map]?.content.object?.remoteNamespace == "shop")
            #expect(bench.context.desired.items("rome").count == 4)
            #expect(bench.context.desired.items("milan").isEmpty)
        }
    }

    @Test("it follows the origin, goes to each edge with a pod that uses it, and leaves with the last of them")
    func lives() async throws {
        try await with { bench in
            try await create(bench, .configMaps, "settings", ["data": ["a": "1"]])
            try await create(bench, .secrets, "key", ["data": ["k": "dg=="]])
            try await pod(bench, "p")
            try await pod(bench, "q")
            try await pod(bench, "r", on: "milan")
            for (name, edge) in [("p", "rome"), ("q", "rome"), ("r", "milan")] { try await sent(bench, name, to: edge) }
            _ = try await bench.cluster.merge(
                .configMaps, namespace: "shop", name: "settings", ["data": ["a": "2"]])
            for edge in ["rome", "milan"] {
                try await eventually("changed") { fields(bench, Self.map, at: edge) == ["data": ["a": "2"]] }
            }
            try await bench.cluster.delete(.secrets, namespace: "shop", name: "key", DeleteOptions())
            try await eventually("deleted") { bench.context.desired["rome", Self.secret] == nil }
            try await bench.cluster.deleteIfPresent(
                .pods, namespace: "shop", name: "p", DeleteOptions(gracePeriodSeconds: 0))
            _ = try await bench.reconcile(pod: "p")
            #expect(fields(bench, Self.map) != nil)
            // One that has finished needs nothing.
            _ = try await bench.cluster.merge(
                .pods, namespace: "shop", name: "q", ["status": ["phase": "Succeeded"]])
            _ = try await bench.reconcile(pod: "q")
            #expect(bench.context.desired["rome", Self.map] == nil)
            #expect(bench.context.desired["rome", Self.account] == nil)
            #expect(fields(bench, Self.map, at: "milan") != nil)
        }
    }

    @Test("what is missing is told once with what to do, and sent as soon as it is there")
    func missing() async throws {
        try await with { bench in
            try await create(bench, .secrets, "key", ["data": ["k": "dg=="]])
            try await pod(bench, "p")
            try await sent(bench, "p")
            for _ in 0..<3 { _ = try await bench.reconcile(pod: "p") }
            func events() async throws -> [KubernetesObject] {
                try await bench.cluster.list(.coreEvents).items.filter { $0.json["reason"] == "NotReflected" }
            }
            #expect(try await events().count == 1)
            #expect(try await events().first?.json["count"] == 1)
            #expect(
                try await events().first?.json["message"]
                    == "ConfigMap \"settings\" is not in namespace shop: create it, the pod waits for it on edge rome; the pod has no rights of ServiceAccount \"builder\" on edge rome, where an account of that name has none"
            )
            try await create(bench, .configMaps, "settings", ["data": ["a": "1"]])
            try await eventually("sent") { fields(bench, Self.map) == ["data": ["a": "1"]] }
        }
    }

    @Test("a token of a ServiceAccount is not sent, whoever uses it")
    func token() async throws {
        try await with { bench in
            try await create(bench, .configMaps, "settings", [:])
            try await create(
                bench, .secrets, "key", ["type": "kubernetes.io/service-account-token", "data": ["token": "dg=="]])
            try await pod(bench, "p")
            try await sent(bench, "p")
            #expect(bench.context.desired["rome", Self.secret] == nil)
            let event = try await bench.cluster.list(.coreEvents).items.first { $0.json["reason"] == "NotReflected" }
            #expect(event?.json["message"]?.string?.contains("holds a ServiceAccount's token") == true)
        }
    }

    @Test("a hub that was started anew tells edges to keep what they have until it has looked")
    func restart() async throws {
        let bench = try HubBench()
        let desired = DesiredState()
        let keeper = ReferenceKeeper(
            cluster: bench.cluster, desired: desired, access: bench.context.access, logger: bench.context.logger)
        try await create(bench, .configMaps, "settings", ["data": ["a": "1"]])
        bench.cluster.failure = ClusterUnreachable("away")
        let references = PodReferences(
            KubernetesObject(
                .pods, name: "p", namespace: "shop",
                ["spec": ["volumes": [["name": "a", "configMap": ["name": "settings"]]]]]))
        keeper.use(ObjectKey(namespace: "shop", name: "p"), references, on: "rome", in: "shop")
        #expect(desired["rome", Self.map]?.content.object == DesiredObject(remoteNamespace: "shop", fields: nil))
        desired.markPrepared()
        bench.cluster.failure = nil
        try await eventually("read") { desired["rome", Self.map]?.content.object?.fields != nil }
        keeper.release(ObjectKey(namespace: "shop", name: "p"))
        #expect(desired["rome", Self.map] == nil)
    }

    @Test("the hub asks for access to a namespace when it is refused, and tells what to do where it may not ask")
    func access() async throws {
        let guarded = GuardedCluster()
        _ = try await guarded.base.create(
            .secrets, KubernetesObject(.secrets, name: "key", namespace: "shop", ["data": ["k": "dg=="]]))
        let desired = DesiredState()
        desired.markPrepared()
        let bench = try HubBench()
        let keeper = ReferenceKeeper(
            cluster: guarded, desired: desired, access: .init(guarded, .hub), logger: bench.context.logger)
        let references = PodReferences(
            KubernetesObject(
                .pods, name: "p", namespace: "shop",
                ["spec": ["volumes": [["name": "a", "secret": ["secretName": "key"]]]]]))
        guarded.mayBind = false
        let pod = ObjectKey(namespace: "shop", name: "p")
        keeper.use(pod, references, on: "rome", in: "shop")
        try await eventually("told") { if case .unreadable = keeper.finding(Self.secret) { true } else { false } }
        #expect(
            keeper.finding(Self.secret)
                == .unreadable(
                    "the hub may not read it; run 'kubectl create rolebinding causeway-hub-references -n shop "
                        + "--clusterrole=causeway-hub-references --serviceaccount=causeway-system:causeway-hub'"))
        // What the edge has stays, and the pod is sent.
        #expect(desired["rome", Self.secret]?.content.object?.fields == nil)
        #expect(keeper.isKnown(pod))
        guarded.mayBind = true
        try await eventually("read") { desired["rome", Self.secret]?.content.object?.fields != nil }
        let binding = try await guarded.base.get(.roleBindings, namespace: "shop", name: "causeway-hub-references")
        #expect(binding.json["roleRef", "name"] == "causeway-hub-references")
        keeper.release(pod)
    }
}
