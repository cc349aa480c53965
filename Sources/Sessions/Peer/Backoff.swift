/// How long to wait before the next attempt: twice as long each time, with full jitter below the upper bound.
public struct Backoff: Sendable, Hashable {
    /// The upper bound of the first wait.
    public var base: Duration
    /// The highest upper bound.
    public var maximum: Duration
    /// How many waits are short before they grow to ``maximum``.
    public var eagerAttempts: Int
    /// The highest upper bound of these.
    public var eagerMaximum: Duration
    private var attempts = 0

    /// - Parameters:
    ///   - base: 200 ms unless told: a restart of the other side is caught quickly.
    ///   - maximum: 10 s unless told: a thousand diallers are then a hundred attempts a second.
    ///   - eagerAttempts: 20 unless told, some 7 s: a peer that is back before it counts as disconnected (3.5 s) is heard
    ///     before, and its pods are neither moved nor crowded elsewhere.
    ///   - eagerMaximum: 500 ms unless told.
    public init(
        base: Duration = .milliseconds(200), maximum: Duration = .seconds(10), eagerAttempts: Int = 20,
        eagerMaximum: Duration = .milliseconds(500)
    ) {
        self.base = base
        self.maximum = maximum
        self.eagerAttempts = eagerAttempts
        self.eagerMaximum = eagerMaximum
    }

    /// The next wait, between half of the upper bound and all of it.
    ///
    /// - Parameter random: from 0 up to 1.
    public mutating func next(random: Double) -> Duration {
        let isEager = attempts < eagerAttempts
        let top = isEager ? min(eagerMaximum, maximum) : maximum
        let start = isEager || eagerAttempts == 0 ? base : max(base, eagerMaximum)
        let doublings = min(isEager ? attempts : attempts - eagerAttempts, 20)
        let bound = min(top, start * (1 << doublings))
        attempts += 1
        return bound * (0.5 + 0.5 * min(max(random, 0), 1))
    }

    /// After a success: start anew.
    public mutating func reset() { attempts = 0 }
}
