public import Sessions
public import Wire

/// The times and limits of connections, for listeners and diallers alike.
public struct PeerTransportConfiguration: Sendable, Hashable {
    public var timings: LivenessTimings
    public var sessionLimits: SessionLimits
    /// For peers that are known by their certificate.
    public var frameLimits: FrameLimits
    /// For peers that are not known yet.
    public var unauthenticatedLimits: FrameLimits
    /// Messages of at least so many bytes are deflated.
    public var deflateThreshold: Int
    /// How long a TCP connection may take to come up.
    public var connectTimeout: Duration
    /// How long TLS may take.
    public var handshakeTimeout: Duration
    /// How long a connection may take from its first packet to an established session, or to the end of an enrolment.
    public var admissionTimeout: Duration
    /// Events that the owner of a connection has not taken yet; beyond, the peer floods.
    public var untakenEvents: Int
    /// Answers to a peer that does not read; beyond, the connection closes.
    public var unsentAnswers: Int
    /// How long a frame may take from its first byte to its last; one second more for each 4 KiB of it. Whoever sends byte by
    /// byte is heard, and must not hold memory and a connection for that.
    public var frameTimeout: Duration = .seconds(30)
    /// Which peers are dialled through a proxy; none unless told.
    public var proxies = ProxySettings.none

    /// - Parameters:
    ///   - deflateThreshold: 512 unless told; below, deflate costs more than it saves.
    ///   - connectTimeout: 5 s unless told: two lost packets.
    ///   - handshakeTimeout: 10 s unless told: a few round trips of a bad link.
    ///   - admissionTimeout: 20 s unless told: the handshake, and the time to look a token up.
    ///   - untakenEvents: 1,024 unless told.
    ///   - unsentAnswers: 2,048 unless told, of some 30 bytes each.
    public init(
        timings: LivenessTimings = LivenessTimings(), sessionLimits: SessionLimits = SessionLimits(),
        frameLimits: FrameLimits = .standard, unauthenticatedLimits: FrameLimits = .unauthenticated,
        deflateThreshold: Int = 512, connectTimeout: Duration = .seconds(5),
        handshakeTimeout: Duration = .seconds(10), admissionTimeout: Duration = .seconds(20),
        untakenEvents: Int = 1024, unsentAnswers: Int = 2048
    ) {
        self.timings = timings
        self.sessionLimits = sessionLimits
        self.frameLimits = frameLimits
        self.unauthenticatedLimits = unauthenticatedLimits
        self.deflateThreshold = deflateThreshold
        self.connectTimeout = connectTimeout
        self.handshakeTimeout = handshakeTimeout
        self.admissionTimeout = admissionTimeout
        self.untakenEvents = untakenEvents
        self.unsentAnswers = unsentAnswers
    }
}
