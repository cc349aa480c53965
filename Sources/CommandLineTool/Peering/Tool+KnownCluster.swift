import ClusterAPI
import KubernetesModel
import OffloadingModel

extension Tool {
    /// The ForeignCluster of a name.
    ///
    /// - Throws: `ToolError` that lists the known ones where there is none of that name.
    func knownCluster(_ name: String) async throws -> ForeignCluster {
        let known = try await foreignClusters() ?? []
        guard let cluster = known.first(where: { $0.name == name }) else {
            let names = known.map { "\"\($0.name)\"" }.joined(separator: ", ")
            throw ToolError(
                "the foreign cluster \"\(name)\" is not known in cluster \(target); "
                    + (names.isEmpty ? "it is not peered with any" : "there is: \(names)"))
        }
        return cluster
    }
}
