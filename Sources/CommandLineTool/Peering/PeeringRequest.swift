import KubernetesModel
import OffloadingModel
import Sessions

/// What `peer out-of-band` or `join out-of-band` was asked for, checked as far as that goes without a cluster.
struct PeeringRequest: Sendable, Hashable {
    /// As the origin, or as an edge that joins.
    let direction: PeeringDirection
    let name: String
    let authURL: String
    let clusterID: String
    let token: PeerToken
    /// What the peering's own option says of a proxy; `nil` where nothing is said.
    let proxy: String?

    /// - Throws: `ToolError` naming the argument that is wrong.
    init(
        _ direction: PeeringDirection, name: String, authURL: String, clusterID: String, token: PeerToken,
        proxy: String? = nil
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
        let scheme = "http://"
        // What is wrong may be a password in it: it is not repeated.
        guard
            proxy.map({
                $0 == "direct" || $0.hasPrefix(scheme) && PeerURL(address: String($0.dropFirst(scheme.count))) != nil
            })
                ?? true
        else {
            throw ToolError(
                "--proxy is neither http://HOST:PORT nor direct; a proxy's user and password belong into the daemon's HTTPS_PROXY"
            )
        }
        self.proxy = proxy
        self.direction = direction
        self.name = name
        self.authURL = "\(url)"
        self.clusterID = clusterID
        self.token = token
    }

    /// The ForeignCluster that asks for the peering.
    var foreignCluster: ForeignCluster {
        var cluster = ForeignCluster(
            name: name, clusterID: clusterID, clusterName: name, authURL: direction == .outgoing ? authURL : "",
            hubURL: direction == .incoming ? authURL : "", outgoing: direction == .outgoing ? .yes : .no,
            incoming: direction == .outgoing ? .auto : .yes)
        if let proxy { cluster.object.annotations[Names.proxyAnnotation] = proxy }
        return cluster
    }
}
