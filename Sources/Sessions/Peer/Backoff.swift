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

    /// How long one of several diallers waits for each that waits beside it: all of them make a hundred attempts a second.
    public static let crowdShare: Duration = .milliseconds(10)
    /// The highest upper bound of a dialler beside which hardly another one waits: a peer that is back after a day is heard
    /// within it.
    public static let crowdMinimum: Duration = .seconds(1)

    /// The next wait, between half of the upper bound and all of it.
    ///
    /// - Parameters:
    ///   - random: from 0 up to 1.
    ///   - crowd: how many diallers wait here together, this one among them; ``maximum`` is for as many as there may be.
    public mutating func next(random: Double, crowd: Int? = nil) -> Duration {
        let isEager = attempts < eagerAttempts
        let most = crowd.map { min(maximum, max(Self.crowdMinimum, Self.crowdShare * $0)) } ?? maximum
        let top = isEager ? min(eagerMaximum, maximum) : most
        let start = isEager || eagerAttempts == 0 ? base : max(base, eagerMaximum)
        let doublings = min(isEager ? attempts : attempts - eagerAttempts, 20)
        let bound = min(top, start * (1 << doublings))
        attempts += 1
        return bound * (0.5 + 0.5 * min(max(random, 0), 1))
    }

    /// After a success: start anew.
    public mutating func reset() { attempts = 0 }
}
