public import ClusterAPI
public import OffloadingModel
import TLSTransport

/// Where a daemon keeps what it needs for its peerings: all in one kind of place.
public struct PeeringStores: Sendable {
    /// For peers that it dials.
    public let credentials: any PeerCredentialStore
    /// Of peers that dial it.
    public let peerings: any PeeringStore

    /// Files of the state folder: for embedded clusters.
    ///
    /// - Throws: `TLSError` where the folder cannot be made.
    public static func files(stateFolder: String) throws -> PeeringStores {
        PeeringStores(
            credentials: try FileCredentialStore(stateFolder: stateFolder),
            peerings: FilePeeringStore(stateFolder: stateFolder))
    }

    /// Secrets of the cluster: for real ones, where another machine may go on with the work.
    ///
    /// - Parameter role: of the daemon: a hub and an agent in one cluster have peerings of their own with the same peers.
    public static func secrets(_ cluster: any ClusterAPI, of role: ClusterInfo.Role) -> PeeringStores {
        let owner = role == .agent ? role.rawValue : ""
        return PeeringStores(
            credentials: SecretCredentialStore(cluster, of: owner), peerings: SecretPeeringStore(cluster, of: owner))
    }
}
