import KubernetesModel
import OffloadingModel
import Synchronization

/// Which edges rejected the pods of which workloads a short while ago: kept off them with a back-off that grows.
///
/// A workload is what makes new pods for those that go: the managing owner; a pod without one is its own. So a replacement
/// knows what happened to its predecessor, and a corrected template, which has another owner, starts anew. Kept in memory
/// only: after a restart every edge gets one more try.
final class EdgeRejections: Sendable {
    /// How long a workload is kept off an edge after its first rejection there; doubles with each one after that.
    static let firstBackOff: Duration = .seconds(10)
    static let longestBackOff: Duration = .seconds(600)
    /// A workload that was not rejected for so long after its back-off starts anew.
    static let memory: Duration = .seconds(1800)
    /// Entries kept at most; beyond, those that hold nothing back any more are forgotten, then all.
    static let limit = 10_000

    private struct Place: Hashable {
        let workload: String
        let edge: String
    }

    private struct Entry {
        let reason: String
        let failures: Int
        let until: ContinuousClock.Instant
    }

    private struct State {
        var entries: [Place: Entry] = [:]
        /// Since when a pod, by uid, waits at its edge for what may still come by itself.
        var complaining: [String: ContinuousClock.Instant] = [:]
    }

    private let state = Mutex(State())

    static func workload(of pod: KubernetesObject) -> String { pod.controller?.uid ?? pod.uid }

    /// An edge rejected a pod of a workload. Several pods rejected in one back-off count once.
    ///
    /// - Returns: for how long the workload is kept off the edge from now on.
    @discardableResult
    func note(
        _ workload: String, edge: String, reason: String, at now: ContinuousClock.Instant = .now
    ) -> Duration {
        state.withLock { state in
            if state.entries.count >= Self.limit {
                state.entries = state.entries.filter { $0.value.until > now }
                if state.entries.count >= Self.limit { state.entries = [:] }
            }
            let place = Place(workload: workload, edge: edge)
            var failures = 0
            if let old = state.entries[place], now - old.until < Self.memory {
                if old.until > now { return old.until - now }
                failures = old.failures
            }
            let backOff = min(Self.firstBackOff * (1 << min(failures, 16)), Self.longestBackOff)
            state.entries[place] = Entry(reason: reason, failures: failures + 1, until: now + backOff)
            return backOff
        }
    }

    /// The edges that a workload is kept off now, each with its reason.
    func reasons(_ workload: String, at now: ContinuousClock.Instant = .now, edges: [String]) -> [String: String] {
        state.withLock { state in
            guard !state.entries.isEmpty else { return [:] }
            var reasons: [String: String] = [:]
            for edge in edges {
                guard let entry = state.entries[Place(workload: workload, edge: edge)], entry.until > now else {
                    continue
                }
                reasons[edge] = entry.reason
            }
            return reasons
        }
    }

    /// Whether anything is remembered at all: asked before every scheduling decision.
    var isEmpty: Bool { state.withLock { $0.entries.isEmpty } }

    /// A pod of the workload runs on the edge: what was held against it is over.
    func forgive(_ workload: String, edge: String) {
        state.withLock { state in
            guard !state.entries.isEmpty else { return }
            state.entries[Place(workload: workload, edge: edge)] = nil
        }
    }

    /// For how long a pod has been waiting at its edge, this being the first time or not.
    func complains(_ pod: String, at now: ContinuousClock.Instant = .now) -> Duration {
        state.withLock { state in
            if state.complaining.count >= Self.limit { state.complaining = [:] }
            let since = state.complaining[pod] ?? now
            state.complaining[pod] = since
            return now - since
        }
    }

    /// The pod waits no more, or is gone.
    func isContent(_ pod: String) {
        state.withLock { state in
            guard !state.complaining.isEmpty else { return }
            state.complaining[pod] = nil
        }
    }
}
