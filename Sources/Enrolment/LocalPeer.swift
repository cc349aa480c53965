public import Wire

/// What this cluster calls itself in its peerings.
public struct LocalPeer: Sendable, Hashable {
    /// A UUID, made once.
    public var clusterID: String
    /// A DNS name: the suffix of the virtual node that stands for the cluster.
    public var clusterName: String
    /// What it is in its peerings, whoever dials.
    public var role: PeerRole
    /// The daemon's version, as peers show it.
    public var version: String
    /// What tells this process from every other one; empty where that is not said.
    public var instance: String

    public init(clusterID: String, clusterName: String, role: PeerRole, version: String, instance: String = "") {
        self.clusterID = clusterID
        self.clusterName = clusterName
        self.role = role
        self.version = version
        self.instance = instance
    }

    /// What it says first on a connection.
    ///
    /// - Parameter epoch: the one of the peering that this side knows.
    public func hello(epoch: Int) -> HelloMessage {
        HelloMessage(
            softwareVersion: version, clusterID: clusterID, clusterName: clusterName, role: role, epoch: epoch,
            instance: instance)
    }
}
