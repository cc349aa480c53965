import PeerTransport

/// How an edge is reached that has this address.
typealias DiallerMaker = @Sendable (PeerAddress, ProxyChoice, DialPurpose) -> any PeerDialling

/// What an edge is dialled for.
enum DialPurpose: Sendable, Hashable {
    /// The peering that this ForeignCluster stands for.
    case peering(name: String)
    /// The word that the peering with this cluster is over.
    case farewell(clusterID: String)
}
