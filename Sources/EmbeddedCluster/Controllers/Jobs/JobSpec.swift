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
    /// How many failures each index may have; `nil` where they count for the Job as a whole.
    let backoffLimitPerIndex: Int?
    /// How many indexes may be given up before the Job is.
    let maxFailedIndexes: Int?
    let failurePolicy: PodFailurePolicy?
    let successPolicy: JobSuccessPolicy?
    /// Whether another controller looks after the Job.
    let isManagedElsewhere: Bool
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
        backoffLimitPerIndex = spec["backoffLimitPerIndex"]?.int
        backoffLimit = spec["backoffLimit"]?.int ?? (backoffLimitPerIndex == nil ? 6 : Int(Int32.max))
        maxFailedIndexes = spec["maxFailedIndexes"]?.int
        failurePolicy = PodFailurePolicy(spec["podFailurePolicy"])
        successPolicy = JobSuccessPolicy(spec["successPolicy"])
        isManagedElsewhere = spec["managedBy"]?.string.map { $0 != "kubernetes.io/job-controller" } ?? false
        activeDeadlineSeconds = spec["activeDeadlineSeconds"]?.int
        ttlSecondsAfterFinished = spec["ttlSecondsAfterFinished"]?.int
        isSuspended = spec["suspend"]?.bool ?? false
        isIndexed = spec["completionMode"]?.string == "Indexed"
        replacesOnlyFailed = spec["podReplacementPolicy"]?.string == "Failed"
        restartsContainers = spec["template"]?["spec"]?["restartPolicy"]?.string == "OnFailure"
    }

    /// How many pods are to be active, with so many done and so many active now.
    ///
    /// - Parameter givenUp: indexes that are not tried any more.
    func wantedActive(succeeded: Int, givenUp: Int = 0, active: Int) -> Int {
        guard let completions else {
            // Once one pod of a work queue has found it empty, the others end on their own.
            return succeeded > 0 ? min(active, parallelism) : parallelism
        }
        return max(0, min(completions - succeeded - givenUp, parallelism))
    }

    /// Whether what was asked for is done.
    func isComplete(succeeded: Int, active: Int) -> Bool {
        guard let completions else { return succeeded > 0 && active == 0 }
        return succeeded >= completions
    }
}
