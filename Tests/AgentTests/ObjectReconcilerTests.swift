import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import TestKit
import Testing
import Wire

@testable import Agent

@Suite("What pods use, at the edge", .timeLimit(.minutes(1))) struct ObjectReconcilerTests {
    private static func key(_ kind: ReflectedKind, _ name: String = "x", _ namespace: String = "demo") -> ItemKey {
        ItemKey(kind: kind.rawValue, namespace: namespace, name: name)
    }

    private static func want(
        _ kind: ReflectedKind, _ fields: JSON?, name: String = "x", in namespace: String = "demo",
        of origin: String = "demo"
    ) -> [ItemKey: DesiredContent] {
        [key(kind, name, origin): .object(DesiredObject(remoteNamespace: namespace, fields: fields))]
    }

    private func all(_ more: [ItemKey: DesiredContent]) -> [ItemKey: DesiredContent] {
        Bench.namespace.merging(more) { $1 }
    }

    private func found(_ bench: Bench, _ kind: ReflectedKind, _ name: String = "x", in namespace: String = "demo")
        async throws -> KubernetesObject?
    { try await bench.cluster.find(kind.type, namespace: namespace, name: name) }

    private func told(_ bench: Bench, _ key: ItemKey) -> String? { bench.hub.observed(key)?.object?.reason }

    @Test("it is made with the fields of its kind and the agent's marks, and nothing else that a hub writes")
    func made() async throws {
        try await Bench().run { bench in
            bench.want(
                all(
                    Self.want(
                        .configMap,
                        [
                            "data": ["a": "1"],
                            "metadata": ["labels": ["l": "v"], "finalizers": ["f"], "name": "other"],
                            "kind": "Secret", "extra": 1,
                        ])))
            try await eventually("made") { told(bench, Self.key(.configMap)) == "Ready" }
            let object = try #require(try await found(bench, .configMap))
            #expect(object.json["data"] == ["a": "1"])
            #expect(object.kind == "ConfigMap" && object.json["extra"] == nil && object.finalizers.isEmpty)
            #expect(
                object.labels == [
                    Names.originClusterIDLabel: Bench.hubID, Names.managedByLabel: Names.managedByValue,
                ])
            #expect(object.annotations == [Names.originalNamespaceAnnotation: "demo"])
        }
    }

    @Test("it follows its hub, what somebody changes or deletes here is put right, and it goes when it is not wanted")
    func kept() async throws {
        try await Bench().run { bench in
            bench.want(all(Self.want(.secret, ["data": ["k": "MQ=="]])))
            try await eventually("made") { try await found(bench, .secret)?.json["data"] == ["k": "MQ=="] }
            bench.want(Self.want(.secret, ["data": ["k": "Mg=="]]))
            try await eventually("changed") { try await found(bench, .secret)?.json["data"] == ["k": "Mg=="] }
            _ = try await bench.cluster.merge(
                .secrets, namespace: "demo", name: "x", ["data": ["k": "eA==", "more": "eA=="]])
            try await eventually("put right") { try await found(bench, .secret)?.json["data"] == ["k": "Mg=="] }
            try await bench.cluster.delete(.secrets, namespace: "demo", name: "x", DeleteOptions())
            try await eventually("made anew") { try await found(bench, .secret)?.json["data"] == ["k": "Mg=="] }
            bench.want([:], not: [Self.key(.secret)])
            try await eventually("gone") { try await found(bench, .secret) == nil }
            #expect(told(bench, Self.key(.secret)) == nil)
        }
    }

    @Test("where the hub cannot say what it is, what there is stays")
    func unknown() async throws {
        try await Bench().run { bench in
            bench.want(all(Self.want(.configMap, ["data": ["a": "1"]])))
            try await eventually("made") { told(bench, Self.key(.configMap)) == "Ready" }
            bench.want(Self.want(.configMap, nil).merging(Self.want(.configMap, ["data": [:]], name: "y")) { $1 })
            try await eventually("the other is made") { try await found(bench, .configMap, "y") != nil }
            #expect(try await found(bench, .configMap)?.json["data"] == ["a": "1"])
        }
    }

    @Test("what cannot be changed is made anew: an immutable one, and a Secret of another type")
    func replaced() async throws {
        try await Bench().run { bench in
            bench.want(all(Self.want(.configMap, ["data": ["a": "1"], "immutable": true])))
            try await eventually("made") { told(bench, Self.key(.configMap)) == "Ready" }
            let old = try #require(try await found(bench, .configMap))
            bench.want(Self.want(.configMap, ["data": ["a": "2"], "immutable": true]))
            try await eventually("another one") {
                let new = try await found(bench, .configMap)
                return new?.json["data"] == ["a": "2"] && new?.uid != old.uid
            }
            bench.want(Self.want(.secret, ["type": "Opaque"]))
            try await eventually("made") { try await found(bench, .secret)?.json["type"] == "Opaque" }
            bench.want(Self.want(.secret, ["type": "kubernetes.io/dockercfg"]))
            try await eventually("another type") {
                try await found(bench, .secret)?.json["type"] == "kubernetes.io/dockercfg"
            }
        }
    }

    @Test("an object of that name which is somebody's own is told as a conflict and never touched (I3)")
    func conflict() async throws {
        try await Bench().run { bench in
            bench.want(Bench.namespace)
            try await eventually("the namespace is there") { bench.link.namespace("demo")?.state == .ready }
            let own = try await bench.cluster.base.create(
                .configMaps,
                KubernetesObject(.configMaps, name: "x", namespace: "demo", ["data": ["mine": "yes"]]))
            bench.want(Self.want(.configMap, ["data": ["a": "1"]]))
            try await eventually("told") { told(bench, Self.key(.configMap)) == "Conflict" }
            bench.want([:], not: [Self.key(.configMap)])
            try await eventually("no longer told") { told(bench, Self.key(.configMap)) == nil }
            #expect(try await found(bench, .configMap) == own)
            bench.want(Self.want(.configMap, ["data": ["a": "1"]]))
            try await eventually("told again") { told(bench, Self.key(.configMap)) == "Conflict" }
            try await bench.cluster.delete(.configMaps, namespace: "demo", name: "x", DeleteOptions())
            try await eventually("made once it is gone") { told(bench, Self.key(.configMap)) == "Ready" }
        }
    }

    @Test("a hub that sends a Secret into a namespace that is not its own gets nothing of it there (A8)")
    func scope() async throws {
        let others: [(ResourceType, KubernetesObject)] = [
            (.namespaces, KubernetesObject(.namespaces, name: "kube-system")),
            (.namespaces, KubernetesObject(.namespaces, name: "mine")),
            (
                .namespaces,
                KubernetesObject(
                    .namespaces, name: "of-another",
                    [
                        "metadata": [
                            "labels": [Names.originClusterIDLabel: "hub-2", Names.managedByLabel: "causeway"],
                            "annotations": [Names.originalNamespaceAnnotation: "demo"],
                        ]
                    ])
            ),
        ]
        try await Bench(existing: others).run { bench in
            var wanted = Bench.namespace
            for (_, namespace) in others {
                wanted.merge(Self.want(.secret, ["data": ["k": "MQ=="]], name: namespace.name, in: namespace.name)) {
                    $1
                }
            }
            // Its own namespace, said to be of another one of the origin.
            wanted.merge(Self.want(.secret, ["data": ["k": "MQ=="]], name: "wrong", of: "prod")) { $1 }
            wanted.merge(Self.want(.secret, ["data": ["k": "MQ=="]], name: "good")) { $1 }
            bench.want(wanted)
            try await eventually("its own is made") { try await found(bench, .secret, "good") != nil }
            for (_, namespace) in others {
                try await eventually("told") {
                    told(bench, Self.key(.secret, namespace.name)) == "NamespaceConflict"
                }
            }
            try await eventually("told") { told(bench, Self.key(.secret, "wrong", "prod")) == "NamespaceConflict" }
            #expect(try await bench.cluster.list(.secrets).items.map(\.name) == ["good"])
        }
    }

    @Test(
        "what is a cluster's own is not taken from a hub (A8)",
        arguments: [
            (.secret, "x", ["type": "kubernetes.io/service-account-token"]), (.configMap, "kube-root-ca.crt", [:]),
            (.serviceAccount, "default", [:]), (.service, "x", ["spec": ["type": "ExternalName"]]),
        ] as [(ReflectedKind, String, JSON)])
    func notAllowed(_ kind: ReflectedKind, _ name: String, _ fields: JSON) async throws {
        try await Bench().run { bench in
            bench.want(all(Self.want(kind, fields, name: name)))
            try await eventually("refused") { told(bench, Self.key(kind, name)) == "NotAllowed" }
            #expect(try await found(bench, kind, name) == nil)
        }
    }

    @Test("nothing is deleted before all wants are known, and then what nobody wants any more is (I3)")
    func orphan() async throws {
        try await Bench().run { bench in
            bench.want(all(Self.want(.configMap, ["data": ["a": "1"]])))
            try await eventually("made") { told(bench, Self.key(.configMap)) == "Ready" }
            // As after a restart: nothing of the hub's wants is known.
            _ = bench.hub.attach(bench.link, epoch: 2, isNewEpoch: true, certificateNotAfter: 2000)
            bench.hub.publish(to: bench.link)
            bench.want(all(Self.want(.configMap, ["data": [:]], name: "y")), complete: false)
            bench.reconcilers.lookAtAll(of: bench.hub)
            try await eventually("the other is made") { try await found(bench, .configMap, "y") != nil }
            #expect(try await found(bench, .configMap) != nil)
            bench.want([:])
            try await eventually("gone") { try await found(bench, .configMap) == nil }
        }
    }

    @Test("what the API says of a Secret is not repeated: it may hold what the Secret holds")
    func silent() async throws {
        try await Bench().run { bench in
            bench.cluster.refuse { type, object in
                guard type == .secrets else { return nil }
                return APIError.invalid(
                    group: "", kind: "Secret", name: object.name,
                    [.init(reason: "FieldValueInvalid", message: "Invalid value: \"hunter2\"", field: "data[k]")])
            }
            bench.want(all(Self.want(.secret, ["data": ["k": "hunter2"]])))
            try await eventually("told") { told(bench, Self.key(.secret)) == "Invalid" }
            #expect(bench.hub.observed(Self.key(.secret))?.object?.message == "the edge's API refuses it for data[k]")
        }
    }

    @Test("a pod is made after what it uses")
    func order() async throws {
        try await Bench().run { bench in
            let spec: JSON = [
                "serviceAccountName": "builder",
                "volumes": [["name": "v", "configMap": ["name": "x"]]],
                "containers": [["name": "c", "image": "nginx", "envFrom": [["secretRef": ["name": "x"]]]]],
            ]
            bench.want(
                all(
                    Bench.pod("p", spec: spec)
                        .merging(Self.want(.configMap, ["data": ["a": "1"]])) { $1 }
                        .merging(Self.want(.secret, ["data": ["k": "MQ=="]])) { $1 }
                        .merging(Self.want(.serviceAccount, [:], name: "builder")) { $1 }))
            try await eventually("made") { try await bench.found("p") != nil }
            let made = bench.cluster.log.filter { $0.hasPrefix("create") }
            #expect(made.last == "create pods demo/p")
            #expect(made.count == 5)
            let account = try #require(try await found(bench, .serviceAccount, "builder"))
            #expect(account.json["automountServiceAccountToken"] == false)
        }
    }

    @Test("a pod never runs in the name of an account of the edge's own")
    func account() async throws {
        try await Bench().run { bench in
            bench.want(Bench.namespace)
            try await eventually("the namespace is there") { bench.link.namespace("demo")?.state == .ready }
            _ = try await bench.cluster.base.create(
                .serviceAccounts, KubernetesObject(.serviceAccounts, name: "builder", namespace: "demo"))
            let spec: JSON = ["serviceAccountName": "builder", "containers": [["name": "c", "image": "nginx"]]]
            bench.want(
                Bench.pod("p", spec: spec).merging(Self.want(.serviceAccount, [:], name: "builder")) { $1 })
            try await eventually("refused") { bench.link.pod("p")?.refused?.reason == "ServiceAccountConflict" }
            bench.want(Bench.pod("q", spec: ["serviceAccountName": "other"]))
            try await eventually("refused") { bench.link.pod("q")?.refused?.reason == "ServiceAccountConflict" }
            #expect(try await bench.cluster.list(.pods).items.isEmpty)
        }
    }

    @Test("a Service has its address from this cluster, also when its hub changes it")
    func service() async throws {
        try await Bench().run { bench in
            bench.want(all(Self.want(.service, ["spec": ["selector": ["a": "b"], "ports": [["port": 80]]]])))
            try await eventually("made") { told(bench, Self.key(.service)) == "Ready" }
            _ = try await bench.cluster.merge(
                .services, namespace: "demo", name: "x", ["spec": ["clusterIP": "10.1.2.3", "type": "NodePort"]])
            try await eventually("put right") { try await found(bench, .service)?.spec["type"] == "ClusterIP" }
            bench.want(Self.want(.service, ["spec": ["selector": ["a": "c"], "ports": [["port": 81]]]]))
            try await eventually("changed") { try await found(bench, .service)?.spec["selector"] == ["a": "c"] }
            #expect(try await found(bench, .service)?.spec["clusterIP"] == "10.1.2.3")
        }
    }
}
