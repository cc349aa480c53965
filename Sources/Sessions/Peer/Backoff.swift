/// How long to wait before the next attempt: twice as long each time, with full jitter below the upper bound.
public struct Backoff: Sendable, Hashable {
    /// The upper bound of the first wait.
    public var base: Duration
    /// The highest upper bound.
    public var maximum: Duration
    private var attempts = 0

    /// - Parameters:
    ///   - base: 200 ms unless told: a restart of the other side is caught quickly.
    ///   - maximum: 10 s unless told: a thousand diallers are then a hundred attempts a second.
    public init(base: Duration = .milliseconds(200), maximum: Duration = .seconds(10)) {
        self.base = base
        self.maximum = maximum
    }

    /// The next wait, between half of the upper bound and all of it.
    ///
    /// - Parameter random: from 0 up to 1.
    public mutating func next(random: Double) -> Duration {
        let bound = min(maximum, base * (1 << min(attempts, 20)))
        attempts += 1
        return bound * (0.5 + 0.5 * min(max(random, 0), 1))
    }

    /// After a success: start anew.
    public mutating func reset() { attempts = 0 }
}
