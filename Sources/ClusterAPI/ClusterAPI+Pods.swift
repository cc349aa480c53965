import JSONTree
public import KubernetesModel

extension ClusterAPI {
    /// Deletes a pod of which nothing runs any more, as a kubelet does.
    ///
    /// A pod that a finalizer holds gets a final phase before: whoever holds it (a Job counts its pods) waits for how it
    /// ended.
    ///
    /// - Throws: `APIError`; a conflict where the pod has changed meanwhile, or another one has its name.
    public func deleteEnded(_ pod: KubernetesObject) async throws {
        if !pod.finalizers.isEmpty, pod.isFinishedPod, pod.isBeingDeleted, pod.deletionGracePeriodSeconds == 0 {
            return  // Only its finalizers are left: asking again would be a change without end.
        }
        if !pod.finalizers.isEmpty, !pod.isFinishedPod {
            do {
                _ = try await merge(
                    .pods, namespace: pod.namespace, name: pod.name,
                    [
                        "metadata": ["uid": .string(pod.uid), "resourceVersion": .string(pod.resourceVersion)],
                        "status": ["phase": "Failed"],
                    ], subresource: "status")
            } catch let error as APIError where error.isNotFound {
                return
            }
        }
        try await deleteIfPresent(
            .pods, namespace: pod.namespace, name: pod.name, DeleteOptions(gracePeriodSeconds: 0, uid: pod.uid))
    }
}
