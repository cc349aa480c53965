import JSONTree
import KubernetesModel

/// A Job's status while it is worked out (`batch/v1 JobStatus`).
struct JobStatus: Sendable {
    var startTime: String?
    var completionTime: String?
    var active = 0
    var ready = 0
    var terminating = 0
    /// Pods whose end is counted, without those that are still uncounted.
    var succeeded: Int
    var failed: Int
    var completedIndexes: JobIndexes
    /// The indexes that are given up; `nil` for a Job that gives none up by itself.
    var failedIndexes: JobIndexes?
    /// The uids of pods that have ended and are not yet let go.
    var uncountedSucceeded: [String]
    var uncountedFailed: [String]
    private(set) var conditions: JSON?
    private let hasIndexes: Bool

    init(_ job: KubernetesObject, _ spec: JobSpec) {
        let status = job.status
        startTime = status["startTime"]?.string
        completionTime = status["completionTime"]?.string
        succeeded = status["succeeded"]?.int ?? 0
        failed = status["failed"]?.int ?? 0
        hasIndexes = spec.isIndexed
        completedIndexes =
            spec.isIndexed
            ? JobIndexes(text: status["completedIndexes"]?.string ?? "", below: spec.completions ?? 0) : JobIndexes()
        failedIndexes =
            spec.backoffLimitPerIndex == nil
            ? nil : JobIndexes(text: status["failedIndexes"]?.string ?? "", below: spec.completions ?? 0)
        uncountedSucceeded = status["uncountedTerminatedPods", "succeeded"]?.strings ?? []
        uncountedFailed = status["uncountedTerminatedPods", "failed"]?.strings ?? []
        conditions = status["conditions"]
    }

    /// Whether nothing will change any more.
    var isFinished: Bool { has("Complete") || has("Failed") }

    func has(_ condition: String) -> Bool { Conditions.isTrue(condition, in: conditions) }

    func condition(_ type: String) -> JSON? { Conditions.find(type, in: conditions) }

    /// - Returns: whether the condition's status is new.
    @discardableResult
    mutating func set(
        _ type: String, _ isTrue: Bool = true, reason: String, message: String, now: Int
    ) -> Bool {
        let status = isTrue ? "True" : "False"
        guard condition(type)?["status"]?.string != status else { return false }
        Conditions.set(
            type, status: status, reason: reason, message: message, now: now, in: &conditions,
            more: ["lastProbeTime": .string(Timestamp.text(now))])
        return true
    }

    /// How many have succeeded, those that are still held included.
    var totalSucceeded: Int { hasIndexes ? completedIndexes.values.count : succeeded + uncountedSucceeded.count }
    var totalFailed: Int { failed + uncountedFailed.count }

    /// Counts the pods that were let go.
    mutating func countReleased() {
        if !hasIndexes { succeeded += uncountedSucceeded.count }
        failed += uncountedFailed.count
        uncountedSucceeded = []
        uncountedFailed = []
    }

    var json: JSON {
        var json: JSON = .object(JSONObject())
        if active > 0 { json["active"] = JSON(active) }
        if hasIndexes, !completedIndexes.values.isEmpty { json["completedIndexes"] = .string(completedIndexes.text) }
        if let completionTime { json["completionTime"] = .string(completionTime) }
        if let conditions { json["conditions"] = conditions }
        if let failedIndexes { json["failedIndexes"] = .string(failedIndexes.text) }
        if failed > 0 { json["failed"] = JSON(failed) }
        json["ready"] = JSON(ready)
        if let startTime { json["startTime"] = .string(startTime) }
        let succeeded = hasIndexes ? completedIndexes.values.count : succeeded
        if succeeded > 0 { json["succeeded"] = JSON(succeeded) }
        json["terminating"] = JSON(terminating)
        var uncounted: JSON = .object(JSONObject())
        if !uncountedSucceeded.isEmpty { uncounted["succeeded"] = JSON(uncountedSucceeded) }
        if !uncountedFailed.isEmpty { uncounted["failed"] = JSON(uncountedFailed) }
        json["uncountedTerminatedPods"] = uncounted
        return json
    }
}
