import ClusterAPI
import ClusterBootstrap
import JSONTree
import KubernetesModel
import Logging
import OffloadingModel
import TestKit
import Testing

@Suite struct ClusterBootstrapTests {
    private let cluster = FakeCluster()
    private let logger = Logger(label: "test")
    private let info = ClusterInfo(
        clusterID: "id-1", clusterName: "rome", labels: ["a": "b"], role: .agent, peerAddress: "127.0.0.1:1",
        authorityPin: "00", version: "1", podCIDR: "10.0.0.0/24", apiServer: "https://127.0.0.1:2", mode: "embedded")

    @Test(
        "the definitions are installed once, repaired when they differ, and left alone when the server added defaults")
    func installs() async throws {
        let installer = CustomResourceInstaller(cluster, logger: logger)
        try await installer.install()
        let name = ResourceType.foreignClusters.groupResource
        let first = try await cluster.get(.customResourceDefinitions, namespace: nil, name: name)
        _ = try await cluster.merge(
            .customResourceDefinitions, name: name, ["spec": ["conversion": ["strategy": "None"]]])
        let defaulted = try await cluster.get(.customResourceDefinitions, namespace: nil, name: name)
        try await installer.install()
        #expect(try await cluster.get(.customResourceDefinitions, namespace: nil, name: name) == defaulted)
        _ = try await cluster.merge(.customResourceDefinitions, name: name, ["spec": ["scope": "Namespaced"]])
        try await installer.install()
        let repaired = try await cluster.get(.customResourceDefinitions, namespace: nil, name: name)
        #expect(repaired.spec == first.spec)
    }

    @Test("the cluster's info is published and comes back when somebody edits or deletes it")
    func publishes() async throws {
        let task = Task { await ClusterInfoPublisher(cluster, info, logger: logger).run() }
        defer { task.cancel() }
        func published() async throws -> ClusterInfo? {
            try await cluster.find(.configMaps, namespace: Names.systemNamespace, name: Names.clusterInfo)
                .flatMap { try? ClusterInfo($0) }
        }
        try await eventually("the info is there") { try await published() == info }
        try await cluster.delete(
            .configMaps, namespace: Names.systemNamespace, name: Names.clusterInfo, DeleteOptions())
        try await eventually("the info is back") { try await published() == info }
        _ = try await cluster.merge(
            .configMaps, namespace: Names.systemNamespace, name: Names.clusterInfo, ["data": ["clusterName": "x"]])
        try await eventually("the name is back") { try await published() == info }
    }

    @Test("the second daemon of a cluster says its part beside the first one's, and neither overwrites the other's")
    func publishesBoth() async throws {
        var hub = info
        hub.role = .hub
        hub.peerAddress = "127.0.0.1:3"
        func published(_ name: String) async throws -> ClusterInfo? {
            try await cluster.find(.configMaps, namespace: Names.systemNamespace, name: name)
                .flatMap { try? ClusterInfo($0) }
        }
        let second = Names.clusterInfo(.hub)
        for _ in 0..<2 {
            try await ClusterInfoPublisher(cluster, info, logger: logger).publish()
            try await ClusterInfoPublisher(cluster, hub, logger: logger).publish()
            #expect(try await published(Names.clusterInfo) == info)
            #expect(try await published(second) == hub)
        }
        // The first one is gone for good, and an administrator has cleaned up after it.
        try await cluster.delete(
            .configMaps, namespace: Names.systemNamespace, name: Names.clusterInfo, DeleteOptions())
        try await ClusterInfoPublisher(cluster, hub, logger: logger).publish()
        #expect(try await published(Names.clusterInfo) == hub)
    }
}
