public import Wire

/// What a session is told when it begins.
public struct PeerSessionConfiguration: Sendable, Hashable {
    /// The own hello, with the epoch that this side knows of the peering.
    public var local: HelloMessage
    /// The cluster id in the peer's certificate; its hello must say the same.
    public var peerClusterID: String
    public var timings: LivenessTimings
    public var limits: SessionLimits
    /// How long a round trip took during the handshake; zero where that is not known.
    public var roundTripEstimate: Duration

    public init(
        local: HelloMessage, peerClusterID: String, timings: LivenessTimings = LivenessTimings(),
        limits: SessionLimits = SessionLimits(), roundTripEstimate: Duration = .zero
    ) {
        self.local = local
        self.peerClusterID = peerClusterID
        self.timings = timings
        self.limits = limits
        self.roundTripEstimate = roundTripEstimate
    }

    /// How long the peer may take until it has said hello and agreed to ours: a hello each way, and a word that answers.
    var helloPatience: Duration {
        max(timings.helloDeadline, min(roundTripEstimate * 3, timings.deadAfterMaximum))
    }
}
