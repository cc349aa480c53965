public import TLSTransport

/// What proves this cluster to a peer that it dials, and how the peer proves itself.
public struct PeerCredentials: Sendable {
    /// The peer.
    public var clusterID: String
    /// The name that the peer goes by, as its enrolment gave it.
    public var clusterName: String
    /// This cluster's certificate for the peer, with its key.
    public var identity: Identity
    /// The peer's authorities; two while one takes over from the other.
    public var authorities: [Certificate]
    /// At a hub, the epoch of the peering: higher than that of every earlier one with the same edge.
    public var epoch: Int

    public init(clusterID: String, clusterName: String, identity: Identity, authorities: [Certificate], epoch: Int) {
        self.clusterID = clusterID
        self.clusterName = clusterName
        self.identity = identity
        self.authorities = authorities
        self.epoch = epoch
    }
}

/// Where a cluster keeps its credentials: files in embedded mode, Secrets on a real cluster.
///
/// What is saved survives a crash right after `save` returns.
public protocol PeerCredentialStore: Sendable {
    /// - Returns: `nil` where there are none for this peer.
    func load(_ clusterID: String) async throws -> PeerCredentials?
    /// Stores credentials in place of those for the same peer, and the epoch with them; durable on return.
    func save(_ credentials: PeerCredentials) async throws
    /// Removes what there may be. The epoch is remembered, so that the next peering's is higher.
    func remove(_ clusterID: String) async throws
    /// The highest epoch ever saved for this peer; 0 where there was none.
    func lastEpoch(_ clusterID: String) async throws -> Int

    /// The farewells that were not said to the end; one a peer at most.
    func farewells() async throws -> [Farewell]
    /// Keeps a farewell, in the place of an earlier one to the same peer.
    func save(_ farewell: Farewell) async throws
    /// Forgets what farewell there may be.
    func removeFarewell(_ clusterID: String) async throws
}
