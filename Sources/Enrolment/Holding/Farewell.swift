public import PeerTransport

/// A peering that is over at an origin which dials the edge, and of which the edge may not have heard yet.
///
/// Kept until the edge is known to know: until then it may run pods that nobody wants.
public struct Farewell: Sendable {
    /// The credentials of the peering that is over: they prove to the edge that it is the hub who ends it.
    public var credentials: PeerCredentials
    /// Where the edge took the peering.
    public var address: PeerAddress

    /// Which way it was dialled; see `ForeignCluster.proxy`.
    public var proxy: String

    public init(credentials: PeerCredentials, address: PeerAddress, proxy: String = "") {
        self.credentials = credentials
        self.address = address
        self.proxy = proxy
    }

    public var clusterID: String { credentials.clusterID }
}
