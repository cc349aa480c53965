import JSONTree
import KubernetesModel
import Logging

extension HubContext {
    /// Notes for the audit that a pod is an edge's to run from now on.
    func notePlacement(of pod: KubernetesObject, on edge: String) {
        let scheduler = pod.spec["schedulerName"]?.string
        note("placement", pod, edge, scheduler.map { "scheduled by \($0)" } ?? "bound by hand")
    }

    /// Notes for the audit that the hub takes a pod from its edge, and why.
    func noteEviction(of pod: KubernetesObject, from edge: String, _ reason: String) {
        note("eviction", pod, edge, reason)
    }

    /// Notes for the audit that the hub moves a pod from one edge to another, and why.
    ///
    /// - Parameter replaced: the pod whose place this one has taken, where it is not the same pod that moves.
    func noteMove(
        of pod: KubernetesObject, from edge: String, to other: String, _ reason: String,
        replacing replaced: ObjectKey? = nil
    ) {
        var metadata: Logger.Metadata = [
            "audit": "move", "pod": "\(pod.key)", "uid": "\(pod.uid)", "edge": "\(edge)", "to": "\(other)",
            "reason": "\(reason)",
        ]
        if let replaced { metadata["replaces"] = "\(replaced)" }
        logger.info(
            replaced == nil ? "a pod is being moved" : "a pod has taken another one's place", metadata: metadata)
    }

    private func note(_ event: String, _ pod: KubernetesObject, _ edge: String, _ reason: String) {
        logger.info(
            "a pod was placed or evicted",
            metadata: [
                "audit": "\(event)", "pod": "\(pod.key)", "uid": "\(pod.uid)", "edge": "\(edge)", "reason": "\(reason)",
            ])
    }
}
