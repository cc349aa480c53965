import JSONTree
import KubernetesModel
import OffloadingModel
import Wire

/// The pod that this edge makes for one that a hub wants, and what it says of it.
///
/// Pure. Whose it is comes from the connection's certificate and from the key, never from what the hub wrote into it.
enum LocalPod {
    static func make(_ item: DesiredItem, _ wanted: DesiredPod, hub: String) -> KubernetesObject {
        let given = KubernetesObject(wanted.object)
        var metadata: JSON = ["labels": JSON(labels(given, wanted, hub))]
        metadata["annotations"] = JSON(annotations(given, item))
        var spec = OwnNodes.only(given.spec)
        // No offloaded pod has a token for this cluster, whatever its hub says.
        spec["automountServiceAccountToken"] = false
        return KubernetesObject(
            .pods, name: item.key.name, namespace: wanted.remoteNamespace, ["metadata": metadata, "spec": spec])
    }

    /// The pod as it should be now that the hub wants something else of it; as far as a running pod can change.
    static func updated(_ pod: KubernetesObject, _ item: DesiredItem, _ wanted: DesiredPod, hub: String)
        -> KubernetesObject
    {
        let given = KubernetesObject(wanted.object)
        var result = pod
        result.labels = pod.labels.merging(labels(given, wanted, hub)) { $1 }
        result.annotations = pod.annotations.merging(annotations(given, item)) { $1 }
        for list in ["containers", "initContainers"] {
            guard let containers = pod.spec[list]?.array else { continue }
            result.json["spec", list] = .array(
                containers.map { container in
                    var container = container
                    let same = given.spec[list]?.array?.first { $0["name"] == container["name"] }
                    if let image = same?["image"] { container["image"] = image }
                    return container
                })
        }
        return result
    }

    private static func labels(_ given: KubernetesObject, _ wanted: DesiredPod, _ hub: String) -> [String: String] {
        var labels = given.labels
        labels[Names.originClusterIDLabel] = hub
        labels[Names.originUIDLabel] = wanted.originUID
        labels[Names.managedByLabel] = Names.managedByValue
        return labels
    }

    private static func annotations(_ given: KubernetesObject, _ item: DesiredItem) -> [String: String] {
        var annotations = given.annotations
        annotations[Names.originalNamespaceAnnotation] = item.key.namespace
        annotations[Names.desiredRevisionAnnotation] = item.hash
        return annotations
    }

    /// Whether the pod was made from this very item.
    static func isCurrent(_ pod: KubernetesObject, _ item: DesiredItem) -> Bool {
        pod.annotation(Names.desiredRevisionAnnotation) == item.hash
    }

    static func originUID(_ pod: KubernetesObject) -> String { pod.label(Names.originUIDLabel) ?? "" }

    /// Whether the pod's end came by its deletion: one that has finished before is deleted without any grace.
    ///
    /// - Parameter told: what the hub was told last. A real API server has watchers see the grace go to zero, of any pod, before the
    ///   pod goes: then it counts whether the pod had an end before.
    static func wasEndedByDeletion(_ pod: KubernetesObject, told: ObservedPod?) -> Bool {
        guard pod.isBeingDeleted, KubernetesObject.isFinishedPod(status: pod.status) else { return false }
        if pod.deletionGracePeriodSeconds ?? 0 > 0 { return true }
        guard let told, told.edgeUID == pod.uid else { return false }
        if [deletedAtEdge, stoppedWithoutHub].contains(told.status["reason"]?.string) { return true }
        // Nothing but its deletion ends a pod whose containers are always started again, unless a node says why.
        return pod.spec["restartPolicy"]?.string ?? "Always" == "Always" && pod.status["reason"] == nil
            && !KubernetesObject.isFinishedPod(status: told.status)
    }

    private static let deletedAtEdge = "DeletedAtEdge"
    private static let stoppedWithoutHub = "StoppedWithoutHub"

    /// What the hub is told of a pod that somebody deleted here while it is wanted: it has not finished, it starts anew.
    static func deletedHere(_ pod: KubernetesObject) -> ObservedPod {
        ObservedPod(
            originUID: originUID(pod), edgeUID: pod.uid,
            status: [
                "phase": "Pending", "reason": .string(deletedAtEdge),
                "message": "the pod was deleted at the edge and is made there anew",
            ])
    }

    /// What the hub is told of a pod that the edge has stopped by itself: it has not finished, it may start anew.
    static func stopped(_ pod: KubernetesObject, hub: String) -> ObservedPod {
        ObservedPod(
            originUID: originUID(pod), edgeUID: pod.uid,
            status: [
                "phase": "Pending", "reason": .string(stoppedWithoutHub),
                "message": .string("the edge did not hear \(hub) for too long and stopped the pod"),
            ])
    }

    /// Whether a pod that was just made has nothing to tell yet but that it is there: it waits for its node, and mostly not
    /// for long.
    static func hasNoNews(_ pod: KubernetesObject) -> Bool {
        let status = pod.status
        guard !pod.isBeingDeleted, status["phase"]?.string ?? "Pending" == "Pending", status["reason"] == nil else {
            return false
        }
        let statuses = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"]
        guard statuses.allSatisfy({ status[$0]?.array?.isEmpty ?? true }) else { return false }
        return (status["conditions"]?.array ?? []).allSatisfy {
            $0["type"]?.string == "PodScheduled" && $0["status"]?.string == "True"
        }
    }

    private static let told = [
        "phase", "conditions", "containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses", "podIP",
        "podIPs", "hostIP", "hostIPs", "startTime", "reason", "message",
    ]

    /// What the hub is told of the pod.
    static func observation(_ pod: KubernetesObject) -> ObservedPod {
        var status = JSONObject()
        for key in told { if let value = pod.status[key] { status[key] = value } }
        return ObservedPod(originUID: originUID(pod), edgeUID: pod.uid, status: .object(status))
    }
}
