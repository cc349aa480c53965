public import TLSTransport

/// What an enrolment gives: all that a dialler needs from now on. The key in it is a secret.
public struct PeerEnrolment: Sendable {
    /// The dialler's certificate and key.
    public let identity: Identity
    /// The listener's authority: whom to believe.
    public let authorities: [Certificate]
    /// The listener's cluster.
    public let clusterID: String
    public let clusterName: String

    public init(identity: Identity, authorities: [Certificate], clusterID: String, clusterName: String) {
        self.identity = identity
        self.authorities = authorities
        self.clusterID = clusterID
        self.clusterName = clusterName
    }

    /// The authorities as PEM text.
    public var authoritiesPEM: String { authorities.map(\.pem).joined() }
}
