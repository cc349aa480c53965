import ClusterAPI
import JSONTree
import KubernetesModel
import TestKit
import Testing

@testable import EmbeddedCluster

@Suite("What every cluster has")
struct SystemObjectsTests {
    private static func error(_ body: () async throws -> Void) async -> APIError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? APIError
        }
    }

    @Test("the system's priority classes are there and stay")
    func priorityClasses() async throws {
        let cluster = try await TestCluster()
        let api = cluster.api
        let found = try await api.get(.priorityClasses, namespace: nil, name: "system-node-critical")
        #expect(found.json["value"] == 2_000_001_000)
        let refused = await Self.error {
            try await api.delete(.priorityClasses, namespace: nil, name: found.name, DeleteOptions())
        }
        #expect(refused?.code == 403)
        #expect(refused?.message.contains("this is a system priority class and cannot be deleted") == true)
        await cluster.stop()
    }

    @Test("the Service of the API has the first address of the range, and endpoints where the API listens")
    func service() async throws {
        let cluster = try await ServedCluster()
        let api = cluster.cluster.api()
        let service = try await api.get(.services, namespace: "default", name: "kubernetes")
        #expect(service.spec["clusterIP"] == "10.96.0.1")
        #expect(service.spec["ports"]?[0]?["targetPort"]?.int == cluster.cluster.port)
        let endpoints = try await api.get(.endpoints, namespace: "default", name: "kubernetes")
        #expect(endpoints.json["subsets"]?[0]?["addresses"] == [["ip": "127.0.0.1"]])
        #expect(endpoints.json["subsets"]?[0]?["ports"]?[0]?["port"]?.int == cluster.cluster.port)
        let slice = try await api.get(.endpointSlices, namespace: "default", name: "kubernetes")
        #expect(slice.label("kubernetes.io/service-name") == "kubernetes")
        await cluster.stop()
    }

    @Test("every namespace has the authority's certificate, and has it again when somebody changes it")
    func rootCertificate() async throws {
        let cluster = try await TestCluster()
        let api = cluster.api
        let manager = ControllerManager(
            cluster: api, servedTypes: cluster.cluster, logger: .quiet, now: { 0 }, rootCertificate: "PEM")
        let running = Task { await manager.run() }
        _ = try await api.create(.namespaces, KubernetesObject(.namespaces, name: "demo"))
        func isThere() async throws -> Bool {
            let found = try await api.find(.configMaps, namespace: "demo", name: "kube-root-ca.crt")
            return found?.json["data"] == ["ca.crt": "PEM"]
        }
        try await eventually("there") { try await isThere() }
        _ = try await api.merge(
            .configMaps, namespace: "demo", name: "kube-root-ca.crt", ["data": ["ca.crt": "other"]])
        try await eventually("mended") { try await isThere() }
        try await api.delete(.configMaps, namespace: "demo", name: "kube-root-ca.crt", DeleteOptions())
        try await eventually("back") { try await isThere() }
        running.cancel()
        await running.value
        await cluster.stop()
    }

    @Test("node ports are given, kept, refused where they are taken, and given back")
    func nodePorts() async throws {
        let cluster = try await TestCluster()
        let api = cluster.api
        func service(_ name: String, nodePort: Int? = nil, type: String = "NodePort") -> KubernetesObject {
            var port: JSON = ["port": 80]
            if let nodePort { port["nodePort"] = JSON(nodePort) }
            return KubernetesObject(
                .services, name: name, namespace: "default", ["spec": ["type": .string(type), "ports": [port]]])
        }
        let first = try await api.create(.services, service("one"))
        let number = try #require(first.spec["ports"]?[0]?["nodePort"]?.int)
        #expect(NodePorts.range.contains(number))
        #expect(try await api.update(.services, service("one")).spec["ports"]?[0]?["nodePort"]?.int == number)
        let taken = await Self.error { _ = try await api.create(.services, service("two", nodePort: number)) }
        #expect(
            taken?.message
                == "Service \"two\" is invalid: spec.ports[0].nodePort: Invalid value: \(number): provided port is already allocated"
        )
        let outside = await Self.error { _ = try await api.create(.services, service("two", nodePort: 80)) }
        #expect(outside?.message.contains("The range of valid ports is 30000-32767") == true)
        let plain = try await api.update(.services, service("one", type: "ClusterIP"))
        #expect(plain.spec["ports"]?[0]?["nodePort"] == nil)
        let second = try await api.create(.services, service("two", nodePort: number))
        #expect(second.spec["ports"]?[0]?["nodePort"]?.int == number)
        // What a dry run was shown is nobody's.
        let imagined = try await api.create(
            .services, service("three", nodePort: number == 30000 ? 30001 : 30000), WriteOptions(isDryRun: true))
        let shown = try #require(imagined.spec["ports"]?[0]?["nodePort"]?.int)
        #expect(
            try await api.create(.services, service("four", nodePort: shown)).spec["ports"]?[0]?["nodePort"]?.int
                == shown)
        await cluster.stop()
    }

    @Test("events.k8s.io shows the core group's events in its own words, and takes them too")
    func events() async throws {
        let cluster = try await TestCluster()
        let api = cluster.api
        let regarding: JSON = ["kind": "Pod", "namespace": "default", "name": "p"]
        let event = KubernetesObject(
            .coreEvents, name: "a", namespace: "default",
            ["involvedObject": regarding, "message": "hello", "reason": "R", "type": "Normal", "count": 2])
        _ = try await api.create(.coreEvents, event)
        let other = try await api.get(.events, namespace: "default", name: "a")
        #expect(other.apiVersion == "events.k8s.io/v1")
        #expect(other.json["note"] == "hello")
        #expect(other.json["deprecatedCount"] == 2)
        #expect(other.json["regarding", "name"] == "p")
        #expect(other.json["involvedObject"] == nil)
        var own = KubernetesObject(
            .events, name: "b", namespace: "default",
            [
                "regarding": regarding, "note": "there", "reason": "R", "type": "Normal", "action": "A",
                "eventTime": "2026-11-21T08:00:00.000000Z", "reportingController": "c", "reportingInstance": "i",
            ])
        let made = try await api.create(.events, own)
        #expect(made.apiVersion == "events.k8s.io/v1")
        #expect(try await api.get(.coreEvents, namespace: "default", name: "b").json["message"] == "there")
        own.json["note"] = "again"
        #expect(try await api.update(.events, own).json["note"] == "again")
        let list = try await api.list(
            .events, namespace: "default", ListOptions(fieldSelector: "regarding.name=p"))
        #expect(list.items.map(\.name) == ["a", "b"])
        #expect(list.items.allSatisfy { $0.apiVersion == "events.k8s.io/v1" })
        let watch = try await api.watch(
            .events, namespace: "default", WatchOptions(resourceVersion: list.resourceVersion))
        try await api.delete(.events, namespace: "default", name: "a", DeleteOptions())
        for try await change in watch {
            guard case .deleted(let gone) = change else { continue }
            #expect(gone.json["note"] == "hello")
            break
        }
        await cluster.stop()
    }

    @Test("a service that becomes one of another type loses what only the type it had needs")
    func serviceTypes() throws {
        func service(_ spec: JSON) -> KubernetesObject {
            KubernetesObject(.services, name: "web", namespace: "default", ["spec": spec])
        }
        let old = service([
            "type": "NodePort", "clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"], "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack", "internalTrafficPolicy": "Cluster", "externalTrafficPolicy": "Cluster",
            "ports": [["port": 80, "nodePort": 30001]],
        ])
        var new = old
        new.json["spec", "type"] = "ExternalName"
        new.json["spec", "externalName"] = "a.b"
        ResourceStrategy.services.prepareForUpdate(&new, old)
        #expect(new.spec == ["type": "ExternalName", "externalName": "a.b", "ports": [["port": 80]]])
        var back = new
        back.json["spec", "type"] = "ClusterIP"
        ResourceStrategy.services.prepareForUpdate(&back, new)
        #expect(back.spec == ["type": "ClusterIP", "ports": [["port": 80]]])
    }
}
