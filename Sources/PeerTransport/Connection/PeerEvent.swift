public import Sessions
public import Wire

/// What happens on an established connection.
public enum PeerEvent: Sendable {
    /// Changes to the copy of the desired set (agent): apply them; they are acknowledged when the next event is asked for.
    case desired(DesiredMessage)
    /// Changes to the copy of the observed set (hub): likewise.
    case observed(ObservedMessage)
    /// `advertise`, `renew`, `renewed` or `unsupported`.
    case received(Message)
    /// The peer asks for a stream: accept or refuse it.
    case streamRequested(IncomingStream)
    /// Nothing was heard for some time: give the peer nothing new.
    case suspected(silence: Duration)
    /// The suspect peer was heard again.
    case recovered
    /// The last event.
    case lost(PeerSessionEnd)
}
