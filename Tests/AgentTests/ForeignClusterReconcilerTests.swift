import ClusterAPI
import KubernetesModel
import OffloadingModel
import Testing

@testable import Agent

@Suite("What stands for a hub") struct ForeignClusterReconcilerTests {
    @Test("is looked at again where it was looked at before all were read, or a hub would never be dialled (F4)")
    func early() async throws {
        let foreign = ForeignCluster(
            name: "cloud", clusterID: Bench.hubID, clusterName: "cloud", authURL: "", hubURL: "tls://127.0.0.1:1",
            outgoing: .no, incoming: .yes)
        let bench = try await Bench(existing: [(.foreignClusters, foreign.object)], connected: false)
        let informer = bench.context.foreignClusters
        #expect(!informer.isSynced)
        let early = try await bench.reconcilers.foreignClusterReconciler.reconcile(Bench.hubID)
        #expect(early == .after(.milliseconds(100)))
        let reading = Task { await informer.run() }
        defer { reading.cancel() }
        try await informer.waitForSync()
        #expect(try await bench.reconcilers.foreignClusterReconciler.reconcile(Bench.hubID) == .after(.seconds(60)))
    }
}
