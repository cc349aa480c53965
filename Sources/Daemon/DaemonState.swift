import ClusterBootstrap
public import Enrolment
public import OffloadingModel
import TLSTransport

/// What a daemon keeps in its state folder to be the same one after a restart: its id, its peering authority, its ports.
public struct DaemonState: Sendable {
    /// The id of this cluster: a UUID, made at the first start, or the real cluster's own.
    public let clusterID: String
    private let files: StateFiles
    private let configuration: DaemonConfiguration

    private let mode: String
    /// Where keys are kept; `nil` for the state folder.
    private let secrets: SystemSecrets?

    /// Makes the folder where it is missing.
    ///
    /// - Parameters:
    ///   - cluster: whose state it is: a cluster that has an id of its own keeps it.
    ///   - role: of the daemon, which may share a real cluster with another one.
    /// - Throws: `DaemonError` where the folder is another cluster's.
    public init(_ configuration: DaemonConfiguration, of cluster: any DaemonCluster, role: ClusterInfo.Role) throws {
        self.configuration = configuration
        mode = cluster.mode
        secrets =
            configuration.access == nil ? nil : SystemSecrets(cluster.api, of: role == .agent ? role.rawValue : "")
        files = try StateFiles(configuration.state)
        clusterID = try files.clusterID(given: cluster.clusterID)
    }

    /// Where the audit log is kept.
    public static func auditLog(_ configuration: DaemonConfiguration) -> String { configuration.state + "/audit.log" }

    /// The authority over peerings, a file's, or a Secret's on a real cluster, with an identity made now, and with what takes over
    /// from it or what it has taken over from.
    public func peeringAuthority(now: Int64) async throws -> PeeringAuthority {
        if let secrets {
            return try await SecretAuthority(secrets: secrets).load(clusterID: clusterID, now: now)
                .peering(clusterID, now: now)
        }
        let current = try files.peeringAuthority(clusterID: clusterID, now: now)
        return try (files.authorities(now: now) ?? StoredAuthorities(current: current)).peering(clusterID, now: now)
    }

    /// Where peerings are taken: the configured address, its port picked once.
    public func peerListen() throws -> ListenAddress {
        var address = configuration.peerListen
        if address.port == 0 { address.port = try files.port("peer", host: address.host) }
        return address
    }

    /// What the cluster says of itself to `causewayctl`.
    public func clusterInfo(
        role: ClusterInfo.Role, peerAddress: String, authorityPin: String, apiServer: String
    ) -> ClusterInfo {
        ClusterInfo(
            clusterID: clusterID, clusterName: configuration.clusterName, labels: configuration.clusterLabels,
            role: role,
            peerAddress: peerAddress, authorityPin: authorityPin, version: CausewayVersion.current,
            podCIDR: configuration.podCIDR, apiServer: apiServer, mode: mode)
    }

    /// Says that everything is ready: the file `ready` in the state folder, with the process and the API's address.
    public func markReady(api: String) throws { try files.markReady(api: api) }

    /// Removes the file `ready`; harmless where there is none.
    public func markNotReady() { files.markNotReady() }
}
