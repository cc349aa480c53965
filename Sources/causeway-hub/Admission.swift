import ClusterAPI
import EmbeddedCluster
import Hub
import JSONTree
import KubernetesModel
import Synchronization

/// Puts the hub's decision about pods of offloaded namespaces into the embedded cluster's way in.
final class Admission: AdmissionHook {
    private let current = Mutex<(any ClusterAPI)?>(nil)

    /// The cluster whose offloadings count; set as soon as it is open, before anybody can have offloaded anything anew.
    var cluster: (any ClusterAPI)? {
        get { current.withLock { $0 } }
        set { current.withLock { $0 = newValue } }
    }

    func admit(_ object: inout KubernetesObject, _ request: AdmissionRequest) async throws(APIError) {
        guard request.type == .pods, request.operation == .create, request.subresource == nil else { return }
        guard let cluster else {
            throw APIError.unavailable("the hub is starting; try again in a moment", retryAfterSeconds: 1)
        }
        do {
            try await OffloadedPodAdmission(cluster).admit(&object, namespace: request.namespace)
        } catch let error as APIError {
            throw error
        } catch {
            throw APIError.badRequest("the pod cannot be admitted to its offloaded namespace: \(error)")
        }
    }
}
