import ClusterAPI
import ClusterBootstrap
import JSONTree
import KubernetesModel
import PeerTransport
import TLSTransport
import TestKit
import Testing

@testable import Enrolment

@Suite("Keys and peerings in Secrets") struct SecretStoreTests {
    private let cluster = FakeCluster()

    @Test("credentials are read again by whoever comes next, and their epoch outlives them")
    func credentials() async throws {
        let store = SecretCredentialStore(cluster)
        #expect(try await store.load("rome-1") == nil)
        #expect(try await store.lastEpoch("rome-1") == 0)
        try await store.remove("rome-1")
        #expect(try await cluster.list(.secrets).items.isEmpty)
        let kept = try PeerCredentials.rome(epoch: 7)
        try await store.save(kept)
        let read = try #require(try await SecretCredentialStore(cluster).load("rome-1"))
        #expect(read.clusterName == "rome" && read.epoch == 7)
        #expect(read.identity.certificatesPEM == kept.identity.certificatesPEM)
        #expect(read.authorities == kept.authorities)
        #expect(
            try await cluster.list(.secrets).items.map(\.key) == [
                ObjectKey(namespace: "causeway-system", name: "credentials-rome-1")
            ])
        try await store.remove("rome-1")
        #expect(try await store.load("rome-1") == nil)
        #expect(try await store.lastEpoch("rome-1") == 7)
        // An epoch that was named once is never gone back behind.
        try await store.save(try PeerCredentials.rome(epoch: 5))
        #expect(try await store.lastEpoch("rome-1") == 7)
    }

    @Test("a farewell outlives the credentials, one an edge")
    func farewells() async throws {
        let store = SecretCredentialStore(cluster)
        let address = PeerAddress(host: "192.0.2.1", port: 7443)
        try await store.save(Farewell(credentials: try PeerCredentials.rome(epoch: 1), address: address))
        try await store.save(
            Farewell(credentials: try PeerCredentials.rome(epoch: 2), address: address, proxy: "direct"))
        try await store.save(Farewell(credentials: try PeerCredentials.rome("milan-1", epoch: 3), address: address))
        try await store.save(try PeerCredentials.rome("paris-1", epoch: 9))
        try await store.remove("rome-1")
        let read = try await SecretCredentialStore(cluster).farewells()
        #expect(read.map(\.clusterID).sorted() == ["milan-1", "rome-1"])
        #expect(read.first { $0.clusterID == "rome-1" }?.proxy == "direct")
        try await store.removeFarewell("rome-1")
        try await store.removeFarewell("rome-1")
        #expect(try await store.farewells().map(\.clusterID) == ["milan-1"])
    }

    @Test("peerings are read again, and go when removed")
    func peerings() async throws {
        let store = SecretPeeringStore(cluster)
        #expect(try await store.load().isEmpty)
        var record = PeeringRecord(
            clusterID: "Rome-1", clusterName: "cloud", epoch: 3,
            issued: [IssuedCertificate(fingerprint: "aa", keyHash: "bb", notAfter: 5)], since: 7)
        try await store.save(record)
        record.revokeAll()
        try await store.save(record)
        #expect(try await SecretPeeringStore(cluster).load() == [record])
        // A hub and an agent in one cluster have nothing in common.
        let agents = SecretPeeringStore(cluster, of: "agent")
        #expect(try await agents.load().isEmpty)
        try await agents.save(record)
        try await agents.remove(clusterID: record.clusterID)
        #expect(try await SecretPeeringStore(cluster).load() == [record])
        // An id with capitals is no name of an object.
        let name = try #require(try await cluster.list(.secrets).items.first?.name)
        #expect(name.hasPrefix("peering-hash-") && name == name.lowercased())
        try await store.remove(clusterID: "Rome-1")
        try await store.remove(clusterID: "Rome-1")
        #expect(try await store.load().isEmpty)
    }

    @Test("what somebody damaged is told by the Secret's name")
    func damaged() async throws {
        let store = SecretCredentialStore(cluster)
        try await store.save(try PeerCredentials.rome(epoch: 1))
        _ = try await cluster.merge(
            .secrets, namespace: "causeway-system", name: "credentials-rome-1", ["data": ["credentials": "e30="]])
        let error = await #expect(throws: DamagedSecret.self) { _ = try await store.load("rome-1") }
        #expect(error?.description.contains("causeway-system/credentials-rome-1") == true)
    }

    @Test(
        "an id that is none is refused", arguments: ["", "../x", "a/b", ".", "a.b", String(repeating: "a", count: 65)])
    func hostile(id: String) async throws {
        await #expect(throws: PeeringStoreError.self) { _ = try await SecretCredentialStore(cluster).load(id) }
        await #expect(throws: PeeringStoreError.self) { try await SecretPeeringStore(cluster).remove(clusterID: id) }
    }
}
