import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel

/// Ends an outgoing peering for good where its ForeignCluster stays for an incoming one.
struct OutgoingEnd: Sendable {
    let tool: Tool
    /// The ForeignCluster's name.
    let name: String
    let uid: String

    /// Asks the hub for it, and waits until it has let go. The object may go meanwhile: the incoming peering may end.
    func run(_ deadline: ContinuousClock.Instant) async throws {
        do {
            _ = try await tool.cluster.merge(
                .foreignClusters, name: name, ["metadata": ["annotations": [Names.endOutgoingAnnotation: "true"]]])
            try await tool.waiting.until(deadline) {
                guard let object = try await tool.cluster.find(.foreignClusters, name: name), object.uid == uid else {
                    return true as Bool?
                }
                return ForeignCluster(object).isEdge ? nil : true
            }
        } catch let error as APIError where error.isNotFound {
            return
        }
    }
}
