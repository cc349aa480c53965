public import PeerTransport

/// A peering that is over at an origin which dials the edge, and of which the edge may not have heard yet.
///
/// Kept until the edge is known to know: until then it may run pods that nobody wants.
public struct Farewell: Sendable {
    /// The credentials of the peering that is over: they prove to the edge that it is the hub who ends it.
    public var credentials: PeerCredentials
    /// Where the edge took the peering.
    public var address: PeerAddress

    public init(credentials: PeerCredentials, address: PeerAddress) {
        self.credentials = credentials
        self.address = address
    }

    public var clusterID: String { credentials.clusterID }
}
