import Synchronization

/// How often the amounts of a virtual node are written: with each pod that comes or goes an edge has more or less of
/// everything, and the scheduler counts the pods itself.
final class NodeStatusPace: Sendable {
    /// Between two writes that tell nothing but amounts. A kubelet tells its own every ten seconds.
    static let interval: Duration = .seconds(2)

    private let written = Mutex<[String: ContinuousClock.Instant]>([:])

    /// How long amounts of a node have to wait; `nil` where they may be written.
    func wait(for node: String, now: ContinuousClock.Instant) -> Duration? {
        let left = written.withLock { $0[node] }.map { Self.interval - (now - $0) } ?? .zero
        return left > .zero ? left : nil
    }

    /// The node's status was written.
    func wrote(_ node: String, now: ContinuousClock.Instant) {
        written.withLock { $0[node] = now }
    }
}
