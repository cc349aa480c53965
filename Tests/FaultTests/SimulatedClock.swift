import Synchronization

/// The time of a run: it passes when the run says so, and wall clocks may be wrong.
final class SimulatedClock: Sendable {
    /// When a run begins, in seconds since 1970.
    static let start = 1_800_000_000
    private static let base = ContinuousClock.now

    private let state = Mutex((now: Duration.zero, skews: [String: Int]()))

    /// Since the run's beginning.
    var now: Duration { state.withLock { $0.now } }

    var instant: ContinuousClock.Instant { Self.base + now }

    func advance(to time: Duration) { state.withLock { $0.now = max($0.now, time) } }

    /// Sets a cluster's wall clock wrong by so many seconds.
    func skew(_ cluster: String, by seconds: Int) { state.withLock { $0.skews[cluster] = seconds } }

    /// What a cluster's wall clock shows, in seconds since 1970.
    func wall(_ cluster: String) -> Int {
        state.withLock { Self.start + Int($0.now.components.seconds) + ($0.skews[cluster] ?? 0) }
    }

    /// Milliseconds since the boot of a machine.
    var uptime: Int {
        let (seconds, rest) = now.components
        return Int(seconds) * 1000 + Int(rest / 1_000_000_000_000_000)
    }
}
