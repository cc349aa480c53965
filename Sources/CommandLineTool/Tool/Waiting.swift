import ClusterAPI
import KubernetesModel

/// Looks again and again at something until it is so.
///
/// A cluster that is away meanwhile is waited for: its daemon may be starting again.
struct Waiting: Sendable {
    /// Between two looks.
    let interval: Duration

    /// - Parameter look: returns what was waited for, or `nil` while it is not there.
    /// - Throws: ``TimedOut`` after the deadline; what `look` throws, unless no answer came from the cluster.
    @discardableResult
    func until<T>(
        _ deadline: ContinuousClock.Instant, _ look: () async throws -> T?
    ) async throws -> T {
        var away: String?
        while true {
            do {
                if let found = try await look() { return found }
                away = nil
            } catch let error as ClusterUnreachable {
                away = error.message
            } catch let error as APIError where error.code == 429 || error.code >= 500 {
                away = error.message
            }
            guard ContinuousClock.now < deadline else { throw TimedOut(detail: away) }
            try await Task.sleep(for: interval)
        }
    }
}

extension Waiting {
    /// Does something, again where the cluster answers that it cannot just now. A cluster that does not answer at all is not
    /// waited for.
    ///
    /// - Parameter work: may have been done although the answer said otherwise.
    func patiently<T>(_ deadline: ContinuousClock.Instant, _ work: () async throws -> T) async throws -> T {
        while true {
            do {
                return try await work()
            } catch let error as APIError where error.code == 429 || error.code >= 500 {
                guard ContinuousClock.now < deadline else { throw error }
                try await Task.sleep(for: interval)
            }
        }
    }
}

/// What was waited for did not come in time.
struct TimedOut: Error, Sendable, Hashable, CustomStringConvertible {
    /// How things stood at the end; `nil` where nothing is known.
    var detail: String?

    var description: String { "timed out waiting for the condition" + (detail.map { ": \($0)" } ?? "") }
}
