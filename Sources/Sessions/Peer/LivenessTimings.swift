/// When a peer counts as alive, suspect and dead.
public struct LivenessTimings: Sendable, Hashable {
    /// How often one side asks the other for a sign of life.
    public var pingInterval: Duration
    /// Silence after which the peer is suspect: it keeps what it has and is given nothing new.
    public var suspectAfter: Duration
    /// Silence after which the connection is given up.
    public var deadAfter: Duration
    /// The most that ``deadAfter`` and ``helloDeadline`` are stretched to on slow networks (to three round trips).
    public var deadAfterMaximum: Duration
    /// How long the peer may take for its hello.
    public var helloDeadline: Duration

    /// - Parameters:
    ///   - pingInterval: 1 s unless told.
    ///   - suspectAfter: 2.5 s unless told: two pings unanswered.
    ///   - deadAfter: 3.5 s unless told: a dead edge shows NotReady within 4 s.
    ///   - deadAfterMaximum: 30 s unless told.
    ///   - helloDeadline: 5 s unless told.
    public init(
        pingInterval: Duration = .seconds(1), suspectAfter: Duration = .milliseconds(2500),
        deadAfter: Duration = .milliseconds(3500), deadAfterMaximum: Duration = .seconds(30),
        helloDeadline: Duration = .seconds(5)
    ) {
        self.pingInterval = pingInterval
        self.suspectAfter = suspectAfter
        self.deadAfter = deadAfter
        self.deadAfterMaximum = deadAfterMaximum
        self.helloDeadline = helloDeadline
    }
}
