import Synchronization

/// Since when the hub has been taking each namespace back, on its own monotonic clock: wall clocks jump, and the origin's API
/// server has another one.
///
/// A hub that starts anew counts from then on: an end takes longer by that, never less than it is given.
final class EndingTimes: Sendable {
    private let beginnings = Mutex<[String: ContinuousClock.Instant]>([:])

    /// For how long the end has been under way; it begins with the first call.
    ///
    /// - Parameter object: the uid of the offloading that ends.
    func time(of object: String, at now: ContinuousClock.Instant) -> Duration {
        beginnings.withLock { beginnings in
            let since = beginnings[object] ?? now
            beginnings[object] = since
            return now - since
        }
    }

    /// The end has come.
    func forget(_ object: String) { beginnings.withLock { $0[object] = nil } }
}
