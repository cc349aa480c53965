/// What is known of one aspect of a peering (`status.peeringConditions[].type`).
public enum PeeringConditionType: String, Sendable, CaseIterable {
    /// Whether this cluster sends pods there: Established while the virtual node is Ready.
    case outgoing = "OutgoingPeering"
    /// Whether pods come from there.
    case incoming = "IncomingPeering"
    /// Whether a stream through the peering is answered from the edge's pod network.
    case network = "NetworkStatus"
    /// Whether the two sides are connected and the edge's own API answers.
    case apiServer = "APIServerStatus"
    /// Whether both sides' certificates hold.
    case authentication = "AuthenticationStatus"
}

/// How far one aspect of a peering is (`status.peeringConditions[].status`).
public enum PeeringStatus: String, Sendable, CaseIterable {
    /// Not wanted, or nothing is known.
    case none = "None"
    /// Wanted and not there yet, or not there at the moment; goes on by itself.
    case pending = "Pending"
    case established = "Established"
    /// Being taken back.
    case disconnecting = "Disconnecting"
    /// Refused by the other side: somebody has to do something.
    case denied = "Denied"
    /// Something is wrong; the message says what.
    case error = "Error"
}

/// One entry of `status.peeringConditions`.
public struct PeeringCondition: Sendable, Hashable {
    /// How far it is.
    public var status: PeeringStatus
    /// One word in camel case for programs.
    public var reason: String
    /// A sentence for people, saying what to do where something is wrong.
    public var message: String

    public init(_ status: PeeringStatus, _ reason: String, _ message: String = "") {
        self.status = status
        self.reason = reason
        self.message = message
    }
}
