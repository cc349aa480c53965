public import ClusterAPI
import KubernetesModel
import OffloadingModel

/// The namespace that everything of Causeway's own lives in.
public enum SystemNamespace {
    /// Creates the namespace where it is missing; leaves one that exists as it is.
    ///
    /// - Throws: what the cluster throws, also while an earlier one of the same name is still going.
    public static func ensure(_ cluster: any ClusterAPI) async throws {
        guard try await cluster.find(.namespaces, name: Names.systemNamespace) == nil else { return }
        do {
            _ = try await cluster.create(.namespaces, KubernetesObject(.namespaces, name: Names.systemNamespace))
        } catch let error as APIError where error.isAlreadyExists {
            return
        }
    }
}
