public import Wire

/// What a session tells its owner.
public enum PeerSessionEvent: Sendable, Hashable {
    /// Both sides know each other. Now say what you hold and publish what you own.
    case established(PeerEstablished)
    /// Changes to the copy of the desired set (agent). Say so when they are taken over.
    case desired(DesiredMessage)
    /// Changes to the copy of the observed set (hub). Say so when they are taken over.
    case observed(ObservedMessage)
    /// `advertise`, `renew`, `renewed` or `unsupported`.
    case received(Message)
    case stream(StreamEvent)
    /// Nothing was heard for some time: give the peer nothing new.
    case suspected(silence: Duration)
    /// The suspect peer was heard again.
    case recovered
}

/// What both sides agreed on.
public struct PeerEstablished: Sendable, Hashable {
    /// The peer's hello.
    public var peer: HelloMessage
    /// The protocol version that both will speak.
    public var version: Int
    /// The epoch of the peering: the hub's.
    public var epoch: Int
    /// At the agent: whether the epoch is newer than its own. What belongs to older ones goes, and the copy starts empty.
    public var isNewEpoch: Bool

    public init(peer: HelloMessage, version: Int, epoch: Int, isNewEpoch: Bool) {
        self.peer = peer
        self.version = version
        self.epoch = epoch
        self.isNewEpoch = isNewEpoch
    }
}
