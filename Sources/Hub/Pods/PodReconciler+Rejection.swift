import ClusterAPI
import JSONTree
import KubernetesModel
import Logging
import OffloadingModel
import Scheduling
import Wire

extension PodReconciler {
    /// Has a pod that its edge rejected tried elsewhere: a pod cannot change its node, so its owner makes another one, which
    /// the scheduler keeps off that edge for a while.
    ///
    /// A pod that nobody would replace, and one that no other edge could take, stays where it is: its edge goes on trying.
    /// So pods are made anew at most once per edge and back-off, however long the rejections last.
    func moveElsewhere(_ pod: KubernetesObject, _ seen: ObservedPod, _ edge: Edge) async throws -> Requeue {
        let workload = EdgeRejections.workload(of: pod)
        guard let rejection = PodRejection(seen), !pod.isFinishedPod else {
            context.rejections.isContent(pod.uid)
            if Conditions.isTrue("Ready", in: seen.status["conditions"]) {
                context.rejections.forgive(workload, edge: edge.name)
            }
            return .none
        }
        let now = context.instant()
        let left = rejection.patience - context.rejections.complains(pod.uid, at: now)
        guard left <= .zero else { return .after(left) }
        let why = "\(rejection.reason): \(rejection.message)"
        let backOff = context.rejections.note(
            workload, edge: edge.name, reason: "\(edge.name): \(why)", at: now)
        guard isReplaced(pod), hasAlternative(pod, to: edge, workload) else {
            // The others may be ready to take it later.
            return .after(max(backOff, .seconds(1)))
        }
        let seconds = backOff.components.seconds
        await context.events.record(
            .warning, pod, reason: "EdgeRejected",
            "edge \(edge.name) rejected the pod: \(why); it is tried elsewhere, and not there again for \(seconds) s")
        context.logger.info(
            "an edge rejected a pod, which is tried elsewhere",
            metadata: ["edge": "\(edge.name)", "pod": "\(pod.key)", "reason": "\(rejection.reason)"])
        context.rejections.isContent(pod.uid)
        context.noteEviction(of: pod, from: edge.name, "rejected by the edge: \(why)")
        try await forceDelete(pod)
        return .none
    }

    /// Whether the pod's owner makes another one for it, on whatever node.
    private func isReplaced(_ pod: KubernetesObject) -> Bool {
        guard let kind = pod.controller?.kind else { return false }
        return kind != "DaemonSet" && kind != "Node"
    }

    /// Whether some other node may take the workload now. Whether it has room is for the scheduler to say.
    private func hasAlternative(_ pod: KubernetesObject, to edge: Edge, _ workload: String) -> Bool {
        guard let offloading = context.offloading(pod.namespace) else { return false }
        if offloading.podOffloading == .localAndRemote { return true }
        let others = context.plan(offloading).selected.subtracting([edge.name])
        let rejecting = context.rejections.reasons(workload, at: context.instant(), edges: Array(others))
        return others.contains { name in
            rejecting[name] == nil && context.edges[name]?.state.takesPods == true
        }
    }
}
