import JSONTree
import KubernetesModel
import Wire

/// Why an edge does not run a pod that it was given: full, its image missing, not admitted.
///
/// Pure. What would be the same everywhere, such as a container that ends again and again, is no rejection.
struct PodRejection: Sendable, Hashable {
    /// One word, such as `Unschedulable` or `ImagePullBackOff`.
    let reason: String
    /// A sentence, in the edge's words.
    let message: String
    /// How long the edge may take to change its mind.
    let patience: Duration

    /// Long enough for a pod of the edge's own to end, or a registry to answer at the second try.
    static let usualPatience: Duration = .seconds(5)
    private static let images: Set<String> = ["ErrImagePull", "ImagePullBackOff"]
    private static let hopelessImages: Set<String> = ["InvalidImageName", "ErrImageNeverPull"]

    /// - Returns: `nil` where the edge runs the pod, has run it, or is about to.
    init?(_ seen: ObservedPod) {
        if let refusal = seen.refused {
            (reason, message, patience) = (refusal.reason, refusal.message, .zero)
            return
        }
        let status = seen.status
        guard !seen.isGone, !Self.hasStarted(status) else { return nil }
        if status["phase"]?.string == "Failed" {
            // The edge's own node had no room after all, or would not have it: OutOfcpu, NodeAffinity, ….
            guard let why = status["reason"]?.string else { return nil }
            (reason, message, patience) = (why, status["message"]?.string ?? why, .zero)
            return
        }
        let containers = ["initContainerStatuses", "containerStatuses"].flatMap { status[$0]?.array ?? [] }
        for container in containers {
            guard let waiting = container["state"]?["waiting"], let why = waiting["reason"]?.string else { continue }
            guard Self.images.contains(why) || Self.hopelessImages.contains(why) else { continue }
            reason = why
            message = waiting["message"]?.string ?? why
            patience = Self.hopelessImages.contains(why) ? .zero : Self.usualPatience
            return
        }
        guard let scheduled = Conditions.find("PodScheduled", in: status["conditions"]),
            scheduled["status"]?.string == "False", scheduled["reason"]?.string == "Unschedulable"
        else { return nil }
        reason = "Unschedulable"
        message = scheduled["message"]?.string ?? "the edge has no room for the pod"
        patience = Self.usualPatience
    }

    /// Whether a container of the pod runs or has run: then it is not the edge that is at fault, and there is work to lose.
    private static func hasStarted(_ status: JSON) -> Bool {
        ["initContainerStatuses", "containerStatuses"].flatMap { status[$0]?.array ?? [] }.contains { container in
            let state = container["state"]
            return state?["running"] != nil || state?["terminated"] != nil
                || container["restartCount"]?.int ?? 0 > 0
        }
    }
}
