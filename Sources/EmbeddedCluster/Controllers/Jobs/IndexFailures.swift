import JSONTree
import KubernetesModel

/// How often each index of a Job with `backoffLimitPerIndex` has failed: each pod carries the count of those before it.
enum IndexFailures {
    /// Failures of the index before this pod that count.
    static let key = "batch.kubernetes.io/job-index-failure-count"
    /// Failures that a policy tells to ignore.
    static let ignoredKey = "batch.kubernetes.io/job-index-ignored-failure-count"

    static func count(_ pod: KubernetesObject) -> Int { pod.annotation(key).flatMap { Int($0) } ?? 0 }
    static func ignored(_ pod: KubernetesObject) -> Int { pod.annotation(ignoredKey).flatMap { Int($0) } ?? 0 }

    /// Of pods that have failed, the latest of each index: the one with the most failures before it.
    static func latest(_ failed: [PodFacts]) -> [Int: PodFacts] {
        var latest: [Int: PodFacts] = [:]
        for pod in failed {
            guard let index = JobIndexes.index(of: pod.object) else { continue }
            if let known = latest[index], order(known.object) >= order(pod.object) { continue }
            latest[index] = pod
        }
        return latest
    }

    private static func order(_ pod: KubernetesObject) -> Int { count(pod) + ignored(pod) }

    /// The annotations of the pod that comes after `last`, the index's first where there is none.
    static func annotations(after last: PodFacts?, _ policy: PodFailurePolicy?) -> [String: JSON] {
        guard let last else { return [key: "0"] }
        let isCounted = policy?.verdict(on: last.object).isCounted ?? true
        var result: [String: JSON] = [key: .string(String(count(last.object) + (isCounted ? 1 : 0)))]
        let ignored = ignored(last.object) + (isCounted ? 0 : 1)
        if ignored > 0 { result[ignoredKey] = .string(String(ignored)) }
        return result
    }

    /// Whether the index is given up with this failed pod.
    static func isFinal(_ pod: KubernetesObject, limit: Int, _ policy: PodFailurePolicy?) -> Bool {
        let verdict = policy?.verdict(on: pod)
        if verdict?.action == .failIndex { return true }
        return verdict?.isCounted ?? true && count(pod) >= limit
    }
}
