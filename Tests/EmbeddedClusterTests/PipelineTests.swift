import ClusterAPI
import JSONTree
import KubernetesModel
import TestKit
import Testing

@testable import EmbeddedCluster

@Suite("The pipeline")
struct PipelineTests {
    private static func error(_ body: () async throws -> Void) async -> APIError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? APIError
        }
    }

    private static func configMap(_ name: String, _ namespace: String = "default") -> KubernetesObject {
        KubernetesObject(.configMaps, name: name, namespace: namespace)
    }

    @Test("a namespace that is going takes nothing new, and goes when it is finalized")
    func namespaces() async throws {
        let cluster = try await TestCluster()
        let api = cluster.api
        _ = try await api.create(.namespaces, KubernetesObject(.namespaces, name: "a"))
        try await api.delete(.namespaces, namespace: nil, name: "a", DeleteOptions())
        var namespace = try await api.get(.namespaces, namespace: nil, name: "a")
        #expect(namespace.status["phase"] == "Terminating")
        let refused = await Self.error { _ = try await api.create(.configMaps, Self.configMap("x", "a")) }
        #expect(refused?.code == 403)
        #expect(
            refused?.message
                == "configmaps \"x\" is forbidden: unable to create new content in namespace a because it is being terminated"
        )
        #expect(refused?.causes.first?.reason == "NamespaceTerminating")
        namespace.json["spec", "finalizers"] = []
        _ = try await api.update(.namespaces, namespace, subresource: "finalize", WriteOptions())
        #expect(try await api.find(.namespaces, name: "a") == nil)
        await cluster.stop()
    }

    @Test("a pod that gates hold back says so, gets no node, and forgets its nomination with the binding")
    func gates() async throws {
        let cluster = try await TestCluster()
        let api = cluster.api
        let binding: JSON = ["target": ["kind": "Node", "name": "a"]]
        func bind() async throws {
            _ = try await api.createSubresource(
                .pods, namespace: "default", name: "p", subresource: "binding", binding)
        }
        var pod = KubernetesObject(
            .pods, name: "p", namespace: "default",
            ["spec": ["containers": [["name": "c", "image": "i"]], "schedulingGates": [["name": "wait"]]]])
        pod = try await api.create(.pods, pod)
        let condition = Conditions.find("PodScheduled", in: pod.status["conditions"])
        #expect(condition?["status"] == "False")
        #expect(condition?["reason"] == "SchedulingGated")
        #expect(condition?["message"] == "Scheduling is blocked due to non-empty scheduling gates")
        let refused = await Self.error { try await bind() }
        #expect(refused?.code == 409)
        #expect(refused?.message.hasSuffix("pod p has non-empty .spec.schedulingGates") == true)
        _ = try await api.merge(.pods, namespace: "default", name: "p", ["spec": ["schedulingGates": .null]])
        _ = try await api.merge(
            .pods, namespace: "default", name: "p", ["status": ["nominatedNodeName": "a"]], subresource: "status")
        try await bind()
        pod = try await api.get(.pods, namespace: "default", name: "p")
        #expect(pod.status["nominatedNodeName"] == nil)
        #expect(Conditions.isTrue("PodScheduled", in: pod.status["conditions"]))
        pod = KubernetesObject(
            .pods, name: "q", namespace: "default",
            [
                "spec": [
                    "containers": [["name": "c", "image": "i"]], "schedulingGates": [["name": "wait"]], "nodeName": "a",
                ]
            ])
        let fixed = pod
        let both = await Self.error { _ = try await api.create(.pods, fixed) }
        #expect(both?.causes.map(\.field) == ["spec.nodeName"])
        await cluster.stop()
    }

    @Test("services get different addresses, keep them, and give them back")
    func services() async throws {
        let cluster = try await TestCluster()
        let api = cluster.api
        func service(_ name: String, _ address: String? = nil) -> KubernetesObject {
            var object = KubernetesObject(
                .services, name: name, namespace: "default", ["spec": ["ports": [["port": 80]]]])
            object.json["spec", "clusterIP"] = address.map(JSON.string)
            return object
        }
        let first = try await api.create(.services, service("one"))
        let address = try #require(first.spec["clusterIP"]?.string)
        #expect(address.hasPrefix("10.96."))
        #expect(first.spec["clusterIPs"] == [.string(address)])
        let refused = await Self.error { _ = try await api.create(.services, service("two", address)) }
        #expect(refused?.message.contains("provided IP is already allocated") == true)
        let updated = try await api.update(.services, service("one"))
        #expect(updated.spec["clusterIP"]?.string == address)
        try await api.delete(.services, namespace: "default", name: "one", DeleteOptions())
        #expect(try await api.create(.services, service("two", address)).spec["clusterIP"]?.string == address)
        #expect(try await api.create(.services, service("none", "None")).spec["clusterIP"] == "None")
        await cluster.stop()
    }

    @Test(
        "a deletion's policy becomes a finalizer, and the last one lets the object go",
        arguments: [(DeleteOptions.Propagation.orphan, "orphan"), (.foreground, "foregroundDeletion")])
    func propagation(_ policy: DeleteOptions.Propagation, _ finalizer: String) async throws {
        let cluster = try await TestCluster()
        let api = cluster.api
        _ = try await api.create(.configMaps, Self.configMap("a"))
        try await api.delete(.configMaps, namespace: "default", name: "a", DeleteOptions(propagation: policy))
        var held = try await api.get(.configMaps, namespace: "default", name: "a")
        #expect(held.finalizers == [finalizer])
        #expect(held.deletionGracePeriodSeconds == 0)
        held.finalizers.append("causeway.io/late")
        let refused = await Self.error { _ = try await api.update(.configMaps, held) }
        #expect(refused?.message.contains("no new finalizers can be added") == true)
        held.finalizers = []
        _ = try await api.update(.configMaps, held)
        #expect(try await api.find(.configMaps, namespace: "default", name: "a") == nil)
        await cluster.stop()
    }

    @Test("custom resources are served as soon as they are defined, and go with their definition")
    func customResources() async throws {
        let cluster = try await TestCluster()
        let api = cluster.api
        let widgets = ResourceType(
            group: "example.com", version: "v1", plural: "widgets", kind: "Widget", isNamespaced: true)
        let definition = KubernetesObject(
            .customResourceDefinitions, name: "widgets.example.com",
            [
                "spec": [
                    "group": "example.com", "scope": "Namespaced",
                    "names": ["plural": "widgets", "singular": "widget", "kind": "Widget"],
                    "versions": [
                        [
                            "name": "v1", "served": true, "storage": true, "subresources": ["status": [:]],
                            "schema": [
                                "openAPIV3Schema": [
                                    "type": "object",
                                    "properties": [
                                        "spec": [
                                            "type": "object",
                                            "properties": [
                                                "size": ["type": "integer", "minimum": 1],
                                                "colour": ["type": "string", "default": "red"],
                                            ],
                                        ]
                                    ],
                                ]
                            ],
                        ]
                    ],
                ]
            ])
        let made = try await api.create(.customResourceDefinitions, definition)
        #expect(Conditions.isTrue("Established", in: made.status["conditions"]))
        func widget(_ size: JSON) -> KubernetesObject {
            KubernetesObject(
                widgets, name: "a", namespace: "default", ["spec": ["size": size, "unknown": 1]])
        }
        let object = try await api.create(widgets, widget(3))
        #expect(object.spec == ["size": 3, "colour": "red"])
        #expect(object.generation == 1)
        let invalid = await Self.error { _ = try await api.update(widgets, widget(0)) }
        #expect(invalid?.message.contains("spec.size in body should be greater than or equal to 1") == true)
        #expect(cluster.cluster.servedTypes.contains(widgets))
        try await api.delete(.customResourceDefinitions, namespace: nil, name: definition.name, DeleteOptions())
        try await eventually("the definition goes") {
            try await api.find(.customResourceDefinitions, name: definition.name) == nil
        }
        let gone = await Self.error { _ = try await api.list(widgets) }
        #expect(gone?.code == 404)
        await cluster.stop()
    }

    @Test("a pod gets its quality of service, its tolerations and its class's priority")
    func pods() async throws {
        let cluster = try await TestCluster()
        let api = cluster.api
        func pod(_ name: String, class priorityClass: String? = nil) -> KubernetesObject {
            var pod = KubernetesObject(
                .pods, name: name, namespace: "default", ["spec": ["containers": [["name": "c", "image": "busybox"]]]])
            pod.json["spec", "priorityClassName"] = priorityClass.map(JSON.string)
            return pod
        }
        let plain = try await api.create(.pods, pod("a"))
        #expect(plain.status == ["phase": "Pending", "qosClass": "BestEffort"])
        #expect(plain.spec["tolerations"]?.array?.count == 2)
        #expect(plain.spec["priority"] == 0)
        _ = try await api.create(
            .priorityClasses, KubernetesObject(.priorityClasses, name: "high", ["value": 1000]))
        #expect(try await api.create(.pods, pod("b", class: "high")).spec["priority"] == 1000)
        let refused = await Self.error { _ = try await api.create(.pods, pod("c", class: "none")) }
        #expect(refused?.message == "pods \"c\" is forbidden: no PriorityClass with name none was found")
        await cluster.stop()
    }

    @Test("a disruption budget stops an eviction that it cannot afford")
    func eviction() async throws {
        let cluster = try await TestCluster()
        let api = cluster.api
        for name in ["a", "b"] {
            _ = try await api.create(
                .pods,
                KubernetesObject(
                    .pods, name: name, namespace: "default",
                    [
                        "metadata": ["labels": ["app": "x"]],
                        "spec": ["containers": [["name": "c", "image": "busybox"]]],
                    ]))
            _ = try await api.merge(
                .pods, namespace: "default", name: name,
                ["status": ["phase": "Running", "conditions": [["type": "Ready", "status": "True"]]]],
                subresource: "status")
        }
        _ = try await api.create(
            .podDisruptionBudgets,
            KubernetesObject(
                .podDisruptionBudgets, name: "budget", namespace: "default",
                ["spec": ["minAvailable": 1, "selector": ["matchLabels": ["app": "x"]]]]))
        func evict(_ name: String) async throws {
            _ = try await api.createSubresource(
                .pods, namespace: "default", name: name, subresource: "eviction",
                ["apiVersion": "policy/v1", "kind": "Eviction", "metadata": ["name": .string(name)]])
        }
        let early = await Self.error { try await evict("a") }
        #expect(early?.code == 429)
        #expect(
            early?.causes.first?.message == "The disruption budget budget is still being processed by the server.")
        _ = try await api.merge(
            .podDisruptionBudgets, namespace: "default", name: "budget",
            [
                "status": [
                    "observedGeneration": 1, "disruptionsAllowed": 1, "currentHealthy": 2, "desiredHealthy": 1,
                    "expectedPods": 2,
                ]
            ], subresource: "status")
        try await evict("a")
        let budget = try await api.get(.podDisruptionBudgets, namespace: "default", name: "budget")
        #expect(budget.status["disruptionsAllowed"] == 0)
        #expect(budget.status["disruptedPods", "a"] != nil)
        let refused = await Self.error { try await evict("b") }
        #expect(refused?.code == 429)
        #expect(refused?.causes.first?.reason == "DisruptionBudget")
        #expect(
            refused?.causes.first?.message
                == "The disruption budget budget needs 1 healthy pods and has 2 currently")
        await cluster.stop()
    }

    @Test("a hook changes what comes in, and may refuse it")
    func hooks() async throws {
        struct Hook: AdmissionHook {
            func admit(_ object: inout KubernetesObject, _ request: AdmissionRequest) async throws(APIError) {
                guard request.type == .configMaps, request.operation == .create else { return }
                if request.name == "no" { throw .forbidden(request.type, request.name, "not here") }
                object.json["data", "by"] = .string(request.user.name)
            }
        }
        let cluster = try await TestCluster(hooks: [Hook()])
        let api = cluster.cluster.api(as: UserIdentity(name: "me", groups: []))
        #expect(try await api.create(.configMaps, Self.configMap("a")).json["data", "by"] == "me")
        #expect(await Self.error { _ = try await api.create(.configMaps, Self.configMap("no")) }?.code == 403)
        await cluster.stop()
    }

    @Test("a scale reads and writes the replicas of what it belongs to")
    func scale() async throws {
        let cluster = try await TestCluster()
        let api = cluster.api
        _ = try await api.create(
            .replicaSets,
            KubernetesObject(
                .replicaSets, name: "r", namespace: "default",
                [
                    "spec": [
                        "replicas": 2, "selector": ["matchLabels": ["a": "b"]],
                        "template": [
                            "metadata": ["labels": ["a": "b"]],
                            "spec": ["containers": [["name": "c", "image": "busybox"]]],
                        ],
                    ]
                ]))
        let scale = try await api.patch(
            .replicaSets, namespace: "default", name: "r", Patch(.merge, ["spec": ["replicas": 5]]),
            subresource: "scale", WriteOptions())
        #expect(scale.kind == "Scale")
        #expect(scale.status["selector"] == "a=b")
        let changed = try await api.get(.replicaSets, namespace: "default", name: "r")
        #expect(changed.spec["replicas"] == 5)
        #expect(changed.generation == 2)
        await cluster.stop()
    }

    @Test("old events go, recent ones stay")
    func events() async throws {
        let cluster = try await TestCluster()
        let api = cluster.api
        let now = WallClock.seconds()
        for (name, age) in [("old", 7200), ("new", 60)] {
            _ = try await api.create(
                .coreEvents,
                KubernetesObject(
                    .coreEvents, name: name, namespace: "default",
                    [
                        "involvedObject": ["kind": "Pod", "namespace": "default", "name": "p"],
                        "lastTimestamp": .string(Timestamp.text(now - age)), "reason": "Test", "type": "Normal",
                        "metadata": [:],
                    ]))
        }
        // The server's time of creation counts too: both are new by it.
        let expiry = EventExpiry(pipeline: cluster.cluster.pipeline, lifetime: .seconds(3600))
        try await expiry.expire()
        #expect(try await api.list(.coreEvents, namespace: "default").items.count == 2)
        let strict = EventExpiry(pipeline: cluster.cluster.pipeline, lifetime: .seconds(-1))
        try await strict.expire()
        #expect(try await api.list(.coreEvents, namespace: "default").items.isEmpty)
        await cluster.stop()
    }
}
