import JSONTree
import KubernetesModel

/// What a Job asks for (`batch/v1 JobSpec`).
struct JobSpec: Sendable {
    /// Pods at a time.
    let parallelism: Int
    /// How many must succeed; `nil` for a work queue, where one success means that the work is done.
    let completions: Int?
    /// How many failures are borne.
    let backoffLimit: Int
    /// Seconds from the start after which the Job has failed.
    let activeDeadlineSeconds: Int?
    /// Seconds after its end for which the Job is kept; `nil` for ever.
    let ttlSecondsAfterFinished: Int?
    let isSuspended: Bool
    /// Whether each completion has a number of its own.
    let isIndexed: Bool
    /// Whether a pod on its way out is replaced only once it has failed.
    let replacesOnlyFailed: Bool
    /// Whether failed containers are started again within their pod.
    let restartsContainers: Bool

    init(_ job: KubernetesObject) {
        let spec = job.spec
        parallelism = spec["parallelism"]?.int ?? 1
        completions = spec["completions"]?.int
        backoffLimit = spec["backoffLimit"]?.int ?? 6
        activeDeadlineSeconds = spec["activeDeadlineSeconds"]?.int
        ttlSecondsAfterFinished = spec["ttlSecondsAfterFinished"]?.int
        isSuspended = spec["suspend"]?.bool ?? false
        isIndexed = spec["completionMode"]?.string == "Indexed"
        replacesOnlyFailed = spec["podReplacementPolicy"]?.string == "Failed"
        restartsContainers = spec["template"]?["spec"]?["restartPolicy"]?.string == "OnFailure"
    }

    /// How many pods are to be active, with so many done and so many active now.
    func wantedActive(succeeded: Int, active: Int) -> Int {
        guard let completions else {
            // Once one pod of a work queue has found it empty, the others end on their own.
            return succeeded > 0 ? min(active, parallelism) : parallelism
        }
        return max(0, min(completions - succeeded, parallelism))
    }

    /// Whether what was asked for is done.
    func isComplete(succeeded: Int, active: Int) -> Bool {
        guard let completions else { return succeeded > 0 && active == 0 }
        return succeeded >= completions
    }
}
