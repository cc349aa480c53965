public import ClusterAPI
import JSONTree
public import KubernetesModel
import OffloadingModel

/// Admits pods as their namespace's offloading asks, which it looks up for each: an offloading that was just written counts.
public struct OffloadedPodAdmission: Sendable {
    private let cluster: any ClusterAPI

    /// - Parameter cluster: the origin, whose offloadings count.
    public init(_ cluster: any ClusterAPI) { self.cluster = cluster }

    /// - Throws: `JSONError` where the offloading or the pod's affinity is malformed; what the cluster throws.
    public func admit(_ pod: inout KubernetesObject, namespace: String) async throws {
        guard !RemotePod.isRemote(pod),
            let object = try await cluster.find(.namespaceOffloadings, namespace: namespace, name: Names.offloading),
            !object.isBeingDeleted
        else { return }
        try PodAdmission.admit(&pod, NamespaceOffloading(object))
    }
}
