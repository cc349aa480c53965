import ClusterAPI
import EmbeddedCluster

/// A cluster in a folder of its own, with its house kept while it lives.
final class TestCluster: Sendable {
    let folder: TemporaryFolder
    let cluster: EmbeddedCluster
    private let house: Task<Void, any Error>

    init(hooks: [any AdmissionHook] = [], folder: TemporaryFolder? = nil) async throws {
        let folder = try folder ?? TemporaryFolder()
        let cluster = try await EmbeddedCluster.open(
            ClusterConfiguration(name: "test", stateFolder: folder.path, servesHTTPS: false, controllers: nil),
            hooks: hooks)
        self.folder = folder
        self.cluster = cluster
        house = Task { try await cluster.run() }
    }

    deinit { house.cancel() }

    var api: any ClusterAPI { cluster.api() }

    func stop() async {
        house.cancel()
        _ = await house.result
    }
}
