import ClusterAPI
import JSONTree
import KubernetesModel
import Logging
import TestKit
import Testing

@testable import Leadership

@Suite("Leadership on a cluster", .timeLimit(.minutes(5)))
struct LeaderElectorTests {
    private static let patience = Duration.seconds(90)
    /// Nothing of it runs out in a test.
    private static let long = LeaderElection.Timings(
        leaseDuration: .seconds(600), renewDeadline: .seconds(400), retryPeriod: .milliseconds(20))
    private static let short = LeaderElection.Timings(
        leaseDuration: .seconds(3), renewDeadline: .seconds(2), retryPeriod: .milliseconds(100))

    private func elector(
        _ cluster: any ClusterAPI, _ identity: String, _ timings: LeaderElection.Timings
    ) -> LeaderElector {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return LeaderElector(
            cluster, name: "causeway-hub", namespace: "causeway-system", identity: identity, timings: timings,
            logger: logger, now: { Ticks.next() })
    }

    private func holder(_ cluster: FakeCluster) async throws -> String? {
        try await cluster.find(.leases, namespace: "causeway-system", name: "causeway-hub")?.spec["holderIdentity"]?
            .string
    }

    @Test("the second leads as soon as the first lets go, and only the leader's writes pass")
    func release() async throws {
        let cluster = FakeCluster()
        let (first, second) = (elector(cluster, "first", Self.long), elector(cluster, "second", Self.long))
        try await first.waitToLead()
        #expect(try await holder(cluster) == "first")
        let waiting = Task { try await second.waitToLead() }
        let (mine, other) = (FencedCluster(cluster, fence: first.fence), FencedCluster(cluster, fence: second.fence))
        _ = try await mine.create(.namespaces, KubernetesObject(.namespaces, name: "shop"))
        await #expect(throws: ClusterUnreachable.self) {
            _ = try await other.create(.namespaces, KubernetesObject(.namespaces, name: "other"))
        }
        #expect(try await other.find(.namespaces, name: "shop") != nil)
        await first.release()
        #expect(!first.fence.isOpen)
        try await waiting.value
        #expect(try await holder(cluster) == "second")
        #expect(second.fence.isOpen)
        await #expect(throws: ClusterUnreachable.self) {
            _ = try await mine.merge(.namespaces, name: "shop", ["metadata": ["labels": ["a": "b"]]])
        }
        await second.release()
    }

    @Test("the lease is kept by renewing it")
    func renews() async throws {
        let cluster = FakeCluster()
        let elector = elector(cluster, "first", Self.long)
        try await elector.waitToLead()
        let before = try await cluster.get(.leases, namespace: "causeway-system", name: "causeway-hub")
        #expect(before.spec["renewTime"]?.string?.hasPrefix("2023-11-14T22:13:20.0000") == true)
        try await eventually("three renewals", within: Self.patience) {
            let lease = try await cluster.get(.leases, namespace: "causeway-system", name: "causeway-hub")
            return (Int(lease.resourceVersion) ?? 0) >= (Int(before.resourceVersion) ?? 0) + 3
        }
        await elector.release()
    }

    @Test("a leader that is cut off has stopped when another begins")
    func cutOff() async throws {
        let cluster = FakeCluster()
        let cut = CutOff(cluster)
        let (first, second) = (elector(cut, "first", Self.short), elector(cluster, "second", Self.short))
        try await first.waitToLead()
        let leading = Task { try await first.lead() }
        cut.isCut = true
        try await second.waitToLead()
        #expect(!first.fence.isOpen)
        await #expect(throws: LeadershipLost.self) { try await leading.value }
        await second.release()
    }

    /// The same cluster, out of reach for one.
    private final class CutOff: ClusterAPI {
        private let cluster: FakeCluster
        private let state = Flag()

        init(_ cluster: FakeCluster) { self.cluster = cluster }

        var isCut: Bool {
            get { state.isSet }
            set { state.isSet = newValue }
        }

        private func check() throws { if isCut { throw ClusterUnreachable("cut off") } }

        func get(_ type: ResourceType, namespace: String?, name: String) async throws -> KubernetesObject {
            try check()
            return try await cluster.get(type, namespace: namespace, name: name)
        }
        func list(_ type: ResourceType, namespace: String?, _ options: ListOptions) async throws -> ObjectList {
            try check()
            return try await cluster.list(type, namespace: namespace, options)
        }
        func watch(
            _ type: ResourceType, namespace: String?, _ options: WatchOptions
        ) async throws -> AsyncThrowingStream<WatchEvent, any Error> {
            try check()
            return try await cluster.watch(type, namespace: namespace, options)
        }
        func create(
            _ type: ResourceType, _ object: KubernetesObject, _ options: WriteOptions
        ) async throws -> KubernetesObject {
            try check()
            return try await cluster.create(type, object, options)
        }
        func update(
            _ type: ResourceType, _ object: KubernetesObject, subresource: String?, _ options: WriteOptions
        ) async throws -> KubernetesObject {
            try check()
            return try await cluster.update(type, object, subresource: subresource, options)
        }
        func patch(
            _ type: ResourceType, namespace: String?, name: String, _ patch: Patch, subresource: String?,
            _ options: WriteOptions
        ) async throws -> KubernetesObject {
            try check()
            return try await cluster.patch(
                type, namespace: namespace, name: name, patch, subresource: subresource, options)
        }
        func delete(
            _ type: ResourceType, namespace: String?, name: String, _ options: DeleteOptions
        ) async throws {
            try check()
            try await cluster.delete(type, namespace: namespace, name: name, options)
        }
        func createSubresource(
            _ type: ResourceType, namespace: String?, name: String, subresource: String, _ body: JSON
        ) async throws -> JSON {
            try check()
            return try await cluster.createSubresource(
                type, namespace: namespace, name: name, subresource: subresource, body)
        }
        func podLogs(
            namespace: String, name: String, _ options: LogOptions
        ) async throws -> AsyncThrowingStream<[UInt8], any Error> {
            try check()
            return try await cluster.podLogs(namespace: namespace, name: name, options)
        }
    }
}
