import ClusterAPI
import KubernetesModel
import OffloadingModel
import TestKit
import Testing
import Wire

@testable import Agent

@Suite struct PeeringEndingTests {
    @Test("an ended peering takes its pods, namespaces, ForeignCluster and record along, and nothing else")
    func ends() async throws {
        let other = KubernetesObject(.namespaces, name: "other")
        try await Bench(existing: [(.namespaces, other)]).run { bench in
            bench.reconcilers.statusChanged(bench.hub)
            bench.want(Bench.namespace.merging(Bench.pod("p")) { $1 })
            try await eventually("made") { try await bench.found("p") != nil }
            try await eventually("the ForeignCluster is there") {
                guard let object = try await bench.cluster.find(.foreignClusters, name: "cloud") else { return false }
                let foreign = ForeignCluster(object)
                return foreign.isEstablished(.incoming) && foreign.isEstablished(.apiServer)
                    && foreign.isEstablished(.authentication) && foreign.condition(.outgoing).status == .none
                    && foreign.condition(.network).status == .pending
            }
            await bench.reconcilers.endings.begin(bench.hub)
            try await eventually("all is gone") {
                let namespaces = try await bench.cluster.list(.namespaces).items
                let pods = try await bench.cluster.list(.pods).items
                let foreign = try await bench.cluster.find(.foreignClusters, name: "cloud")
                return namespaces.map(\.name) == ["other"] && pods.isEmpty && foreign == nil && bench.store.all.isEmpty
            }
            #expect(bench.link.closed == .unpeered)
            #expect(bench.context.hubs.all.isEmpty)
        }
    }
}
