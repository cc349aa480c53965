import JSONTree
import KubernetesModel

/// What controllers ask of a pod, read from it once per version.
///
/// Of reference type, as a look at ten thousand pods hands all of them on several times.
final class PodFacts: Sendable {
    let object: KubernetesObject
    let namespace: String
    /// `metadata.labels`, which pods of one template mostly share.
    let labels: JSON
    let controllerUID: String?
    /// Whether all containers have ended for good: phase Succeeded or Failed.
    let isFinished: Bool
    let isBeingDeleted: Bool
    let isReady: Bool
    /// Seconds since 1970 from which `isReady` holds.
    let readySince: Int?
    /// Empty while the pod is not bound.
    let node: String

    init(_ pod: KubernetesObject) {
        object = pod
        namespace = pod.namespace
        labels = pod.json["metadata"]?["labels"] ?? .null
        controllerUID = pod.controller?.uid
        let status = pod.json["status"]
        isFinished = KubernetesObject.isFinishedPod(status: status)
        isBeingDeleted = pod.isBeingDeleted
        let ready = Conditions.find("Ready", in: status?["conditions"])
        isReady = ready?["status"]?.string == "True"
        readySince = isReady ? ready?["lastTransitionTime"]?.string.flatMap(Timestamp.seconds) : nil
        node = pod.json["spec"]?["nodeName"]?.string ?? ""
    }

    /// Whether the pod counts as a replica.
    var isActive: Bool { !isFinished && !isBeingDeleted }

    /// Whether the pod is on its way out but its containers may still run.
    var isTerminating: Bool { isBeingDeleted && !isFinished }

    /// Whether the pod has been ready for `minReadySeconds`.
    func isAvailable(minReadySeconds: Int, now: Int) -> Bool {
        guard isReady else { return false }
        guard minReadySeconds > 0 else { return true }
        return readySince.map { $0 + minReadySeconds <= now } ?? false
    }
}
