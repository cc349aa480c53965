import Synchronization

/// Whether this replica leads at this moment, asked before every write.
///
/// Goes by the clock, not by whether somebody has noticed: a process that slept through the end of its lease does not lead
/// when it wakes.
public final class LeaseFence: Sendable {
    private let until = Mutex<ContinuousClock.Instant?>(nil)

    init() {}

    /// Whether what is done now is done by the leader.
    public var isOpen: Bool { until.withLock { $0.map { ContinuousClock.now < $0 } ?? false } }

    /// Until when it is open; `nil` while it is shut.
    var deadline: ContinuousClock.Instant? { until.withLock { $0 } }

    func open(until instant: ContinuousClock.Instant) { until.withLock { $0 = instant } }

    func shut() { until.withLock { $0 = nil } }
}
