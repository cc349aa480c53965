import JSONTree
import KubernetesModel

/// How the end of each of a Job's pods is counted once, whatever happens between: a finalizer holds the pod until the Job's
/// status names it as uncounted, and it is counted when the finalizer is gone.
enum JobTracking {
    static let finalizer = "batch.kubernetes.io/job-tracking"

    enum Outcome: Sendable, Hashable {
        case succeeded, failed
    }

    static func isHeld(_ pod: KubernetesObject) -> Bool { pod.finalizers.contains(finalizer) }

    /// What has become of a pod; `nil` while that is open.
    static func outcome(of pod: PodFacts, _ spec: JobSpec) -> Outcome? {
        switch pod.object.status["phase"]?.string {
        case "Succeeded": return .succeeded
        case "Failed": return .failed
        default:
            // A pod that was deleted may never get to say how it ended.
            return pod.isBeingDeleted && !spec.replacesOnlyFailed ? .failed : nil
        }
    }

    /// When a pod's last container ended, in seconds since 1970; `nil` where it does not say.
    static func endTime(of pod: KubernetesObject) -> Int? {
        let statuses = pod.status["containerStatuses"]?.array ?? []
        let times = statuses.compactMap {
            $0["state", "terminated", "finishedAt"]?.string.flatMap(Timestamp.seconds)
        }
        return times.max() ?? pod.deletionTimestamp.flatMap(Timestamp.seconds)
            ?? Conditions.find("Ready", in: pod.status["conditions"])?["lastTransitionTime"]?.string
            .flatMap(Timestamp.seconds)
    }

    /// Seconds until a failed pod may be replaced: 10 s after the first failure in a row, twice as long after each more, ten
    /// minutes at most; 0 where nothing has to be waited for.
    static func delay(after pods: [PodFacts], _ spec: JobSpec, now: Int, base: Int) -> Int {
        let ended = pods.compactMap { pod -> (time: Int, outcome: Outcome)? in
            guard pod.isFinished, let outcome = outcome(of: pod, spec) else { return nil }
            return endTime(of: pod.object).map { ($0, outcome) }
        }.sorted { $0.time < $1.time }
        let failures = ended.reversed().prefix { $0.outcome == .failed }
        guard let latest = failures.first else { return 0 }
        let wait = min(600, base << min(failures.count - 1, 10))
        return max(0, latest.time + wait - now)
    }

    /// How often containers of active pods were started again, which counts as failures of a Job with `OnFailure`.
    static func restarts(_ pods: [PodFacts]) -> Int {
        pods.filter(\.isActive).reduce(0) { sum, pod in
            let status = pod.object.status
            let containers = (status["initContainerStatuses"]?.array ?? []) + (status["containerStatuses"]?.array ?? [])
            return sum + containers.reduce(0) { $0 + ($1["restartCount"]?.int ?? 0) }
        }
    }
}
