import ClusterAPI
import KubernetesModel
import Synchronization

/// Whether the edge's own API answers, by asking it.
final class ClusterHealth: Sendable {
    enum State: Sendable, Hashable {
        /// Not asked yet.
        case unknown
        case answers
        /// Does not answer: why.
        case silent(String)
    }

    private let cluster: any ClusterAPI
    private let timeout: Duration
    private let last = Mutex(State.unknown)

    init(_ cluster: any ClusterAPI, timeout: Duration) {
        self.cluster = cluster
        self.timeout = timeout
    }

    var state: State { last.withLock { $0 } }

    /// Asks once.
    ///
    /// - Returns: whether the state has changed.
    func check() async -> Bool {
        let new = await ask()
        guard !Task.isCancelled else { return false }
        return last.withLock { last in
            defer { last = new }
            return last != new
        }
    }

    private func ask() async -> State {
        await withTaskGroup(of: State.self) { group in
            group.addTask { [cluster] in
                do {
                    _ = try await cluster.list(.nodes, namespace: nil, ListOptions(limit: 1))
                    return .answers
                } catch let error as APIError where error.code < 500 {
                    return .answers
                } catch {
                    return .silent("\(error)")
                }
            }
            group.addTask { [timeout] in
                try? await Task.sleep(for: timeout)
                return .silent("no answer within \(timeout)")
            }
            let first = await group.next() ?? .unknown
            group.cancelAll()
            return first
        }
    }
}
