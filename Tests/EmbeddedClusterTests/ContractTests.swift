import EmbeddedCluster
import TestKit
import Testing

@Suite("The embedded cluster in the process")
struct ContractTests {
    @Test("keeps the promises of ClusterAPI", arguments: ClusterAPIContract.promises)
    func contract(_ promise: ClusterAPIContract.Promise) async throws {
        let cluster = try await TestCluster()
        try await ClusterAPIContract(cluster.api).check(promise)
        await cluster.stop()
    }
}
