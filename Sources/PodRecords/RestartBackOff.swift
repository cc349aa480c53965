/// How long a container that keeps ending waits before its next start, by the kubelet's rules.
///
/// The first restart is immediate; then 10 s, doubled with every restart up to 5 min, counted from the moment the
/// container ended. A container that ends more than 10 min after its last restart begins anew.
public struct RestartBackOff: Sendable, Hashable {
    public static let firstDelay = 10 * 1_000_000_000
    public static let longestDelay = 300 * 1_000_000_000
    /// Twice the longest delay, as in the kubelet.
    public static let forgottenAfter = 2 * longestDelay

    /// The wait after the next end, in nanoseconds; 0 before the first restart.
    public private(set) var delay: Int
    /// When the container was last restarted, on the monotonic clock.
    public private(set) var restartedAt: Int

    public init(delay: Int = 0, restartedAt: Int = 0) {
        self.delay = delay
        self.restartedAt = restartedAt
    }

    /// The monotonic time from which a container that ended at `ended` may start again.
    public func earliestStart(afterEnd ended: Int) -> Int {
        guard delay > 0, ended - restartedAt <= Self.forgottenAfter else { return ended }
        return ended + delay
    }

    /// Counts a restart at `now` of a container that ended at `ended`.
    public mutating func restarted(afterEnd ended: Int, at now: Int) {
        if delay == 0 || ended - restartedAt > Self.forgottenAfter {
            delay = Self.firstDelay
        } else {
            delay = min(delay * 2, Self.longestDelay)
        }
        restartedAt = now
    }

    /// The same wait on a clock that began anew: after a restart of the machine.
    public func rebased(to now: Int) -> RestartBackOff { RestartBackOff(delay: delay, restartedAt: now) }
}
