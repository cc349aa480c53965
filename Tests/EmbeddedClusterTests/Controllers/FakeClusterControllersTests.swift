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
}
