/// Whether a peer is there, by what is heard from it on this side's own monotonic clock.
///
/// Each side sends something at least every so often and gives the connection up when it hears nothing: so a connection
/// that is cut in one direction only ends at the deaf side, which closes it for the other. One side, the agent, pings at
/// every interval, the other only when it has said nothing for one and a half: together they send one ping and one pong.
/// A hub of a thousand agents is woken once for each, and answers while it has its hands on the connection.
public struct Liveness: Sendable {
    /// What a look at the clock asks for.
    public struct Verdict: Sendable, Hashable {
        /// The id of a ping to send.
        public var ping: Int?
        /// How long nothing was heard, where the peer becomes suspect by that.
        public var suspectFor: Duration?
        /// How long nothing was heard, where that is too long.
        public var deadFor: Duration?
    }

    /// A timer that fires this late says that this process was not running; silence during that time proves nothing.
    private static let lateness = Duration.seconds(1)

    private let timings: LivenessTimings
    private let pingsAlways: Bool
    private var heardAt: Duration
    private var spokeAt: Duration
    private var pings: [(id: Int, at: Duration)] = []
    private var lastPing = 0
    public private(set) var isSuspect = false
    /// The smoothed time from a ping to its pong; `nil` before the first.
    public private(set) var roundTripTime: Duration?
    private var deadAfter = Duration.zero
    private var suspectAfter = Duration.zero
    private let pingAfter: Duration

    /// - Parameters:
    ///   - pingsAlways: true for one of both sides.
    ///   - now: the time at which the peer was heard first.
    ///   - roundTripEstimate: from the handshake; used until a ping is answered.
    public init(_ timings: LivenessTimings, pingsAlways: Bool, now: Duration, roundTripEstimate: Duration = .zero) {
        self.timings = timings
        self.pingsAlways = pingsAlways
        heardAt = now
        spokeAt = now
        pingAfter = pingsAlways ? timings.pingInterval : timings.pingInterval * 1.5
        adapt(to: roundTripEstimate)
    }

    /// The patience on this network, kept because it is asked for at every message and changes with a round trip only.
    private mutating func adapt(to roundTrip: Duration) {
        deadAfter = max(timings.deadAfter, min(roundTrip * 3, timings.deadAfterMaximum))
        suspectAfter = max(timings.suspectAfter, min(roundTrip * 2, deadAfter))
    }

    /// When ``check(_:)`` has something to do at the earliest.
    public var deadline: Duration {
        min(spokeAt + pingAfter, heardAt + (isSuspect ? deadAfter : suspectAfter))
    }

    /// Any bytes came.
    ///
    /// - Returns: whether the peer was suspect until now.
    public mutating func heard(_ now: Duration) -> Bool {
        heardAt = now
        defer { isSuspect = false }
        return isSuspect
    }

    /// Something was sent. Counts for the side that answers only: the other's pings also measure.
    public mutating func spoke(_ now: Duration) { if !pingsAlways { spokeAt = now } }

    /// - Returns: the time since the ping; `nil` for a pong that nobody asked for.
    public mutating func pong(_ id: Int, _ now: Duration) -> Duration? {
        guard let place = pings.firstIndex(where: { $0.id == id }) else { return nil }
        let time = now - pings[place].at
        pings.removeFirst(place + 1)
        let smoothed = roundTripTime.map { $0 * 0.875 + time * 0.125 } ?? time
        roundTripTime = smoothed
        adapt(to: smoothed)
        return time
    }

    public mutating func check(_ now: Duration) -> Verdict {
        let late = now - deadline
        if late > Self.lateness { heardAt = min(now, heardAt + late) }
        var verdict = Verdict()
        let silence = now - heardAt
        if silence >= deadAfter {
            verdict.deadFor = silence
            return verdict
        }
        if silence >= suspectAfter, !isSuspect {
            isSuspect = true
            verdict.suspectFor = silence
        }
        if now >= spokeAt + pingAfter { verdict.ping = ping(now) }
        return verdict
    }

    /// A ping is sent now.
    ///
    /// - Returns: its id.
    public mutating func ping(_ now: Duration) -> Int {
        lastPing += 1
        spokeAt = now
        pings.append((lastPing, now))
        if pings.count > 64 { pings.removeFirst() }
        return lastPing
    }
}
