import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel

/// Takes pods that came into an offloaded namespace past ``PodAdmission`` and wait for a node: before the offloading, or while
/// nobody answered a real cluster's webhook.
///
/// A pod's scheduler name and affinity cannot change any more, its tolerations can grow. So the pod gets the toleration and a
/// mark, and from then on this hub's scheduler places it as if it had been admitted.
struct PodAdoption: Sendable {
    let context: HubContext

    private static let defaultScheduler = "default-scheduler"

    /// Whether the pod has no node yet and is left to the scheduler that every pod has.
    static func mayBeAdopted(_ pod: KubernetesObject) -> Bool {
        let scheduler = pod.spec["schedulerName"]?.string ?? ""
        return (pod.spec["nodeName"]?.string ?? "").isEmpty && !pod.isBeingDeleted && !pod.isFinishedPod
            && !RemotePod.isRemote(pod)
            && (scheduler.isEmpty || scheduler == defaultScheduler)
    }

    private static func isAdopted(_ pod: KubernetesObject) -> Bool {
        pod.annotation(Names.adoptedAnnotation) == "true"
    }

    func reconcile(_ key: ObjectKey) async throws -> Requeue {
        guard let pod = context.pods[key], Self.mayBeAdopted(pod), !Self.isAdopted(pod),
            context.plan(key.namespace) != nil, let offloading = context.offloading(key.namespace),
            offloading.podOffloading != .local
        else { return .none }
        var admitted = pod
        do {
            try PodAdmission.admit(&admitted, offloading)
        } catch {
            // The offloading's own status says what is wrong with its selector.
            return .none
        }
        var spec: JSON = [:]
        spec["tolerations"] = admitted.spec["tolerations"]
        do {
            // Only this version of this pod: the list is written as a whole, and somebody else may add to it.
            _ = try await context.cluster.merge(
                .pods, namespace: key.namespace, name: key.name,
                [
                    "metadata": [
                        "uid": .string(pod.uid), "resourceVersion": .string(pod.resourceVersion),
                        "annotations": [Names.adoptedAnnotation: "true"],
                    ],
                    "spec": spec,
                ])
        } catch let error as APIError where error.isNotFound {
            return .none
        }
        await context.events.record(
            .normal, pod, reason: "Adopted",
            "the pod was not admitted for the offloading of its namespace: the hub adds the toleration of virtual nodes "
                + "and places the pod as the offloading asks, though its scheduler name stays \(Self.defaultScheduler)")
        return .none
    }

    /// An adopted pod as the scheduler is to see it: with all that its namespace's offloading asks for.
    func placed(_ pod: KubernetesObject) -> KubernetesObject {
        guard Self.isAdopted(pod), Self.mayBeAdopted(pod), let offloading = context.offloading(pod.namespace),
            !offloading.object.isBeingDeleted
        else { return pod }
        var placed = pod
        do {
            try PodAdmission.admit(&placed, offloading)
        } catch {
            return pod
        }
        return placed
    }
}
