public import ClusterAPI
import JSONTree
public import KubernetesModel
import OffloadingModel

/// Admits pods as their namespace's offloading asks, which it looks up for each: an offloading that was just written counts.
public struct OffloadedPodAdmission: Sendable {
    private let cluster: any ClusterAPI
    private let extendsTolerations: Bool

    /// - Parameters:
    ///   - cluster: the origin, whose offloadings count.
    ///   - extendsTolerations: whether the cluster's own controllers would end pods whose edge is away; see
    ///     ``AbsenceTolerations``.
    public init(_ cluster: any ClusterAPI, extendsTolerations: Bool = false) {
        self.cluster = cluster
        self.extendsTolerations = extendsTolerations
    }

    /// - Throws: `JSONError` where the offloading or the pod's affinity is malformed; what the cluster throws.
    public func admit(_ pod: inout KubernetesObject, namespace: String) async throws {
        guard !RemotePod.isRemote(pod),
            let object = try await cluster.find(.namespaceOffloadings, namespace: namespace, name: Names.offloading),
            !object.isBeingDeleted
        else { return }
        let offloading = NamespaceOffloading(object)
        try PodAdmission.admit(&pod, offloading)
        // Others may yet get a machine for a node: theirs wait until they have a virtual one.
        if extendsTolerations, offloading.podOffloading == .remote {
            AbsenceTolerations.extend(&pod, offloading.disconnectPolicy)
        }
    }
}
