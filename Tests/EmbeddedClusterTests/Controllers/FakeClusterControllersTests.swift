import ClusterAPI
import EmbeddedCluster
import JSONTree
import KubernetesModel
import TestKit
import Testing

@Suite("The controllers over any cluster")
struct FakeClusterControllersTests {
    @Test("a cluster without collection or defaults gets both from the controllers, and no pod twice")
    func deployment() async throws {
        let fake = FakeCluster()
        let house = ControllerHouse.fake(fake)
        _ = try await fake.create(.deployments, Manifest.deployment("web", replicas: 20))
        try await eventually("rolled out") { try await house.isRolledOut("web", replicas: 20) }
        #expect(try await fake.list(.pods).items.count == 20)
        #expect(try await house.events("SuccessfulCreate").count <= 20)
        try await fake.delete(.deployments, namespace: "default", name: "web", DeleteOptions())
        try await eventually("collected") {
            let sets = try await fake.list(.replicaSets).items
            let pods = try await fake.list(.pods).items
            return sets.isEmpty && pods.isEmpty
        }
        await house.stop()
    }

    @Test("an object whose owner never existed is collected, one whose owner's kind is unknown stays")
    func neverExisted() async throws {
        let fake = FakeCluster()
        let house = ControllerHouse.fake(fake)
        func map(_ name: String, kind: String) -> KubernetesObject {
            var map = KubernetesObject(.configMaps, name: name, namespace: "default")
            map.ownerReferences = [OwnerReference(apiVersion: "v1", kind: kind, name: "none", uid: "none")]
            return map
        }
        _ = try await fake.create(.configMaps, map("stays", kind: "Unheard"))
        _ = try await fake.create(.configMaps, map("goes", kind: "Service"))
        try await eventually("collected") {
            try await fake.find(.configMaps, namespace: "default", name: "goes") == nil
        }
        #expect(try await fake.find(.configMaps, namespace: "default", name: "stays") != nil)
        await house.stop()
    }

    @Test("controllers carry on after the cluster was away")
    func away() async throws {
        let fake = FakeCluster()
        let house = ControllerHouse.fake(fake)
        _ = try await fake.create(.deployments, Manifest.deployment("web", replicas: 2))
        try await eventually("rolled out") { try await house.isRolledOut("web", replicas: 2) }
        fake.failure = ClusterUnreachable("away")
        fake.failure = nil
        try await house.scale("web", to: 5)
        await house.stop()
    }

    @Test("controllers that start over find everything as it should be and change nothing")
    func startsOver() async throws {
        let fake = FakeCluster()
        let first = ControllerHouse.fake(fake)
        _ = try await fake.create(.services, Manifest.service("web", app: "web", targetPort: 80))
        _ = try await fake.create(.deployments, Manifest.deployment("web", replicas: 3))
        try await eventually("rolled out, with endpoints") {
            let endpoints = try await fake.find(.endpoints, namespace: "default", name: "web")
            guard endpoints?.json["subsets"]?[0]?["addresses"]?.array?.count == 3 else { return false }
            let slice = try await fake.list(.endpointSlices).items.first
            guard slice?.json["endpoints"]?.array?.count == 3 else { return false }
            return try await first.isRolledOut("web", replicas: 3)
        }
        await first.stop()
        let types: [ResourceType] = [.pods, .replicaSets, .deployments, .endpoints, .endpointSlices]
        func versions() async throws -> [String] {
            var versions: [String] = []
            for type in types { versions += try await fake.list(type).items.map { "\($0.key) \($0.resourceVersion)" } }
            return versions
        }
        let before = try await versions()
        let second = ControllerHouse.fake(fake)
        // A change whose effect shows that the new controllers are at work, and have seen the rest.
        _ = try await fake.create(.deployments, Manifest.deployment("zzz", replicas: 1))
        try await eventually("at work") { try await second.isRolledOut("zzz", replicas: 1) }
        let after = Set(try await versions().filter { !$0.contains("zzz") })
        #expect(after.symmetricDifference(before).sorted() == [])
        await second.stop()
    }
}
