import KubernetesModel
import Synchronization

/// Which pods the hub has taken from edges that are away, until their workloads have others in their places: so that it can be
/// said which pod moved where.
///
/// Known by the hub that took them only. Of what is never replaced, as after a scale-down, no more than ``limit`` is kept.
final class Replacements: Sendable {
    struct Taken: Sendable, Hashable {
        let pod: ObjectKey
        let edge: String
        let reason: String
    }

    private struct State {
        /// By the controller's uid, in the order in which they were taken.
        var taken: [String: [Taken]] = [:]
        var count = 0
    }

    static let limit = 10_000
    private let state = Mutex(State())

    /// A pod was taken from its edge; one that nobody owns is replaced by nobody.
    func took(_ pod: KubernetesObject, from edge: String, _ reason: String) {
        guard let workload = pod.controller?.uid else { return }
        state.withLock { state in
            if state.count >= Self.limit { state = State() }
            state.taken[workload, default: []].append(Taken(pod: pod.key, edge: edge, reason: reason))
            state.count += 1
        }
    }

    /// - Returns: whose place a pod takes that was placed anew; `nil` where none is free.
    func place(of pod: KubernetesObject) -> Taken? {
        guard let workload = pod.controller?.uid else { return nil }
        return state.withLock { state in
            guard var taken = state.taken[workload], !taken.isEmpty else { return nil }
            let first = taken.removeFirst()
            state.taken[workload] = taken.isEmpty ? nil : taken
            state.count -= 1
            return first
        }
    }
}
