import OffloadingModel
import Sessions

/// What `peer out-of-band` or `join out-of-band` was asked for, checked as far as that goes without a cluster.
struct PeeringRequest: Sendable, Hashable {
    /// Which way pods shall go, seen from here.
    enum Direction: Sendable, Hashable {
        /// This is the origin.
        case outgoing
        /// This is the edge, and joins.
        case incoming
    }

    let direction: Direction
    let name: String
    let authURL: String
    let clusterID: String
    let token: PeerToken

    /// - Throws: `ToolError` naming the argument that is wrong.
    init(
        _ direction: Direction, name: String, authURL: String, clusterID: String, token: PeerToken
    ) throws(ToolError) {
        if let problem = ClusterNaming.problem(name: name) {
            throw ToolError("the name \"\(name)\" cannot be a cluster's: \(problem)")
        }
        guard let url = PeerURL(authURL) else {
            throw ToolError("--auth-url \"\(authURL)\" is not of the form tls://HOST:PORT")
        }
        guard ClusterIdentity.isID(clusterID) else {
            throw ToolError("--cluster-id \"\(clusterID)\" is not made of 1 to 63 letters, digits and hyphens")
        }
        self.direction = direction
        self.name = name
        self.authURL = "\(url)"
        self.clusterID = clusterID
        self.token = token
    }

    /// The ForeignCluster that asks for the peering.
    var foreignCluster: ForeignCluster {
        ForeignCluster(
            name: name, clusterID: clusterID, clusterName: name, authURL: authURL,
            outgoing: direction == .outgoing ? .yes : .no,
            incoming: direction == .outgoing ? .auto : .yes)
    }
}
