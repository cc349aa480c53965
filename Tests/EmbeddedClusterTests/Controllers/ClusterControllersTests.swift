import ClusterAPI
import EmbeddedCluster
import JSONTree
import KubernetesModel
import TestKit
import Testing

@Suite("The controllers over the embedded cluster")
struct ClusterControllersTests {
    @Test("pods that own each other in a circle all go with one of them")
    func circleOfOwners() async throws {
        let house = try await ControllerHouse()
        var pods: [KubernetesObject] = []
        for name in ["a", "b", "c"] {
            pods.append(
                try await house.api.create(
                    .pods,
                    KubernetesObject(
                        .pods, name: name, namespace: "default",
                        ["spec": ["containers": [["name": "main", "image": "hello"]]]])))
        }
        for (place, pod) in pods.enumerated() {
            let owner = OwnerReference(controller: pods[(place + 2) % 3])
            _ = try await house.api.merge(
                .pods, namespace: "default", name: pod.name, ["metadata": ["ownerReferences": [owner.json]]])
        }
        try await house.api.delete(
            .pods, namespace: "default", name: "a", DeleteOptions(propagation: .foreground, uid: pods[0].uid))
        try await eventually("all are gone") { try await house.api.list(.pods, namespace: "default").items.isEmpty }
        await house.stop()
    }

    @Test(
        "deleting a Deployment takes its ReplicaSets and pods along",
        arguments: [DeleteOptions.Propagation.background, .foreground])
    func cascades(_ propagation: DeleteOptions.Propagation) async throws {
        let house = try await ControllerHouse()
        _ = try await house.api.create(.deployments, Manifest.deployment("web", replicas: 3))
        try await eventually("rolled out") { try await house.isRolledOut("web", replicas: 3) }
        try await house.api.delete(
            .deployments, namespace: "default", name: "web", DeleteOptions(propagation: propagation))
        try await eventually("all is gone") {
            let pods = try await house.api.list(.pods, namespace: "default").items
            let sets = try await house.api.list(.replicaSets, namespace: "default").items
            let deployment = try await house.api.find(.deployments, namespace: "default", name: "web")
            // In the foreground the owner is the last to go.
            if propagation == .foreground, deployment == nil { #expect(sets.isEmpty) }
            return pods.isEmpty && sets.isEmpty && deployment == nil
        }
        await house.stop()
    }

    @Test("orphaned ReplicaSets and their pods stay, and a Deployment of the same selector takes them over")
    func orphans() async throws {
        let house = try await ControllerHouse()
        _ = try await house.api.create(.deployments, Manifest.deployment("web", replicas: 2))
        try await eventually("rolled out") { try await house.isRolledOut("web", replicas: 2) }
        let before = Set(try await house.pods().map(\.uid))
        try await house.api.delete(
            .deployments, namespace: "default", name: "web", DeleteOptions(propagation: .orphan))
        try await eventually("the Deployment is gone and its ReplicaSet free") {
            let set = try await house.api.list(.replicaSets, namespace: "default").items.first
            let deployment = try await house.api.find(.deployments, namespace: "default", name: "web")
            return deployment == nil && set?.ownerReferences.isEmpty == true
        }
        _ = try await house.api.create(.deployments, Manifest.deployment("web", replicas: 2))
        try await eventually("adopted") { try await house.isRolledOut("web", replicas: 2) }
        #expect(Set(try await house.pods().map(\.uid)) == before)
        await house.stop()
    }

    @Test("a pod that ends or is deleted is replaced at once, and a pod that loses its label is let go")
    func replaces() async throws {
        let house = try await ControllerHouse()
        _ = try await house.api.create(.deployments, Manifest.deployment("web", replicas: 3))
        try await eventually("rolled out") { try await house.isRolledOut("web", replicas: 3) }
        let pods = try await house.pods()
        let (ended, deleted, released) = (pods[0], pods[1], pods[2])
        _ = try await house.api.merge(
            .pods, namespace: "default", name: ended.name, ["status": ["phase": "Failed"]], subresource: "status")
        try await house.api.delete(.pods, namespace: "default", name: deleted.name, DeleteOptions())
        _ = try await house.api.merge(
            .pods, namespace: "default", name: released.name, ["metadata": ["labels": ["app": "none"]]])
        try await eventually("three new pods") {
            let living = try await house.pods().filter { $0.status["phase"]?.string == "Running" }
            let old = Set(pods.map(\.uid))
            return living.filter { !old.contains($0.uid) && $0.label("app") == "web" }.count == 3
        }
        let free = try await house.api.get(.pods, namespace: "default", name: released.name)
        #expect(free.ownerReferences.isEmpty)
        #expect(try await house.api.find(.pods, namespace: "default", name: ended.name) != nil)
        await house.stop()
    }

    @Test("a deleted namespace is emptied and goes; a new one has its service account")
    func namespaces() async throws {
        let house = try await ControllerHouse()
        let api = house.api
        _ = try await api.create(.namespaces, KubernetesObject(.namespaces, name: "demo"))
        try await eventually("service account") {
            try await api.find(.serviceAccounts, namespace: "demo", name: "default") != nil
        }
        _ = try await api.create(.deployments, Manifest.deployment("web", replicas: 2, namespace: "demo"))
        var held = KubernetesObject(.configMaps, name: "held", namespace: "demo")
        held.finalizers = ["example.org/held"]
        _ = try await api.create(.configMaps, held)
        try await eventually("rolled out") { try await house.isRolledOut("web", replicas: 2, namespace: "demo") }
        try await api.delete(.namespaces, namespace: nil, name: "demo", DeleteOptions())
        try await eventually("says what holds it") {
            let status = try await api.get(.namespaces, namespace: nil, name: "demo").status
            let finalizers = Conditions.find("NamespaceFinalizersRemaining", in: status["conditions"])
            return finalizers?["message"]?.string
                == "Some content in the namespace has finalizers remaining: example.org/held in 1 resource instances"
        }
        _ = try await api.merge(
            .configMaps, namespace: "demo", name: "held", ["metadata": ["finalizers": .null]])
        try await eventually("gone") { try await api.find(.namespaces, name: "demo") == nil }
        #expect(try await api.list(.pods, namespace: "demo").items.isEmpty)
        await house.stop()
    }

    @Test("endpoints follow the pods of a Service wherever they run")
    func endpoints() async throws {
        let house = try await ControllerHouse()
        let api = house.api
        _ = try await api.create(.services, Manifest.service("web", app: "web", targetPort: 8080))
        _ = try await api.create(.deployments, Manifest.deployment("web", replicas: 3))
        func addresses() async throws -> Set<String> {
            let object = try await api.find(.endpoints, namespace: "default", name: "web")
            let subset = object?.json["subsets"]?[0]
            #expect(subset == nil || subset?["ports"]?[0]?["port"]?.int == 8080)
            return Set((subset?["addresses"]?.array ?? []).compactMap { $0["targetRef"]?["uid"]?.string })
        }
        func sliced() async throws -> Set<String> {
            let slices = try await api.list(.endpointSlices, namespace: "default").items
                .filter { $0.label("kubernetes.io/service-name") == "web" }
            return Set(
                slices.flatMap { $0.json["endpoints"]?.array ?? [] }.filter { $0["conditions"]?["ready"]?.bool == true }
                    .compactMap { $0["targetRef"]?["uid"]?.string })
        }
        for size in [3, 1, 2] {
            try await house.scale("web", to: size)
            try await eventually("endpoints of \(size) pods") {
                let pods = Set(try await house.pods().map(\.uid))
                let (old, new) = (try await addresses(), try await sliced())
                return pods.count == size && old == pods && new == pods
            }
        }
        try await api.delete(.services, namespace: "default", name: "web", DeleteOptions())
        try await eventually("endpoints go with the Service") {
            let object = try await api.find(.endpoints, namespace: "default", name: "web")
            let slices = try await api.list(.endpointSlices, namespace: "default").items
            return object == nil && slices.isEmpty
        }
        await house.stop()
    }

    @Test("endpoints made by hand are mirrored in slices, unless they ask not to be")
    func mirrored() async throws {
        let house = try await ControllerHouse()
        let api = house.api
        _ = try await api.create(
            .services,
            KubernetesObject(.services, name: "db", namespace: "default", ["spec": ["ports": [["port": 5432]]]]))
        func slices() async throws -> [KubernetesObject] {
            try await api.list(.endpointSlices, namespace: "default").items
                .filter { $0.label("kubernetes.io/service-name") == "db" }
        }
        var endpoints = KubernetesObject(
            .endpoints, name: "db", namespace: "default",
            [
                "subsets": [
                    [
                        "addresses": [["ip": "10.1.2.3"]], "notReadyAddresses": [["ip": "10.1.2.4"]],
                        "ports": [["port": 5432]],
                    ]
                ]
            ])
        endpoints.labels = ["team": "a"]
        endpoints = try await api.create(.endpoints, endpoints)
        try await eventually("a slice with both addresses") {
            let found = try await slices()
            guard let slice = found.first, found.count == 1 else { return false }
            let ready = slice.json["endpoints"]?.array?.map { $0["conditions"]?["ready"]?.bool }
            return ready == [true, false] && slice.label("team") == "a"
                && slice.ownerReferences.map(\.uid) == [endpoints.uid]
                && slice.label("endpointslice.kubernetes.io/managed-by") == "endpointslicemirroring-controller.k8s.io"
        }
        endpoints.json["subsets"] = [["addresses": [["ip": "10.1.2.5"]], "ports": [["port": 5432]]]]
        endpoints = try await api.update(.endpoints, endpoints)
        try await eventually("the slice follows") {
            try await slices().flatMap { $0.json["endpoints"]?.array ?? [] }.map { $0["addresses"] } == [["10.1.2.5"]]
        }
        endpoints.labels["endpointslice.kubernetes.io/skip-mirror"] = "true"
        _ = try await api.update(.endpoints, endpoints)
        try await eventually("no slice is left") { try await slices().isEmpty }
        await house.stop()
    }

    @Test("pods of a node that is gone go too, and are replaced")
    func nodeGone() async throws {
        let house = try await ControllerHouse(configuration: .init(orphanedPodGrace: .milliseconds(50)))
        _ = try await house.api.create(.deployments, Manifest.deployment("web", replicas: 2))
        try await eventually("rolled out") { try await house.isRolledOut("web", replicas: 2) }
        let before = try await house.pods()
        let node = try #require(before.first?.spec["nodeName"]?.string)
        try await house.api.delete(.nodes, namespace: nil, name: node, DeleteOptions())
        try await eventually("its pods are gone") {
            let lost = before.filter { $0.spec["nodeName"]?.string == node }.map(\.uid)
            return try await !house.pods().contains { lost.contains($0.uid) }
        }
        await house.stop()
    }

    @Test("a local node whose agent falls silent is tainted, and its pods move away")
    func silentNode() async throws {
        let house = try await ControllerHouse(configuration: .init(nodeSilence: .milliseconds(150)))
        let api = house.api
        _ = try await api.create(.nodes, KubernetesObject(.nodes, name: "local"))
        var pod = KubernetesObject(
            .pods, name: "p", namespace: "default",
            ["spec": ["nodeName": "local", "containers": [["name": "c", "image": "i"]]]])
        pod.json["spec", "tolerations"] = [
            [
                "key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute",
                "tolerationSeconds": 0,
            ]
        ]
        _ = try await api.create(.pods, pod)
        try await eventually("tainted") {
            let node = try await api.get(.nodes, namespace: nil, name: "local")
            return Taint.all(of: node).filter { $0.key == "node.kubernetes.io/unreachable" }.count == 2
        }
        try await eventually("evicted") {
            try await api.find(.pods, namespace: "default", name: "p")?.isBeingDeleted ?? true
        }
        await house.stop()
    }

    @Test("a thousand pods come and go, each once, and the Service knows all of them", .timeLimit(.minutes(2)))
    func thousand() async throws {
        let house = try await ControllerHouse(kubeletWorkers: 64)
        let api = house.api
        _ = try await api.create(.services, Manifest.service("web", app: "web", targetPort: 80))
        _ = try await api.create(.deployments, Manifest.deployment("web", replicas: 0))
        try await house.scale("web", to: 1000)
        #expect(try await api.list(.pods, namespace: "default").items.count == 1000)
        try await eventually("ten full slices") {
            let slices = try await api.list(.endpointSlices, namespace: "default").items
            return slices.map { $0.json["endpoints"]?.array?.count ?? 0 }.filter { $0 == 100 }.count == 10
        }
        try await house.scale("web", to: 0)
        await house.stop()
    }
}
