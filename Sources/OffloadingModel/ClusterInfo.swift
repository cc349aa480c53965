public import JSONTree
public import KubernetesModel

/// What a daemon says of itself and its cluster in the ConfigMap `causeway-system/cluster-info`: all that `causewayctl` needs to
/// know. A second daemon, by which a cluster is origin and edge at once, says it in ``Names/clusterInfo(_:)``; id and name
/// are the cluster's, and the same in both.
public struct ClusterInfo: Sendable, Hashable {
    /// Which daemon runs beside the cluster.
    public enum Role: String, Sendable {
        /// An origin: it sends pods away.
        case hub
        /// An edge: it runs pods of others.
        case agent

        /// The other one.
        public var opposite: Role { self == .hub ? .agent : .hub }
    }

    /// A UUID, made once.
    public var clusterID: String
    /// A DNS label; the suffix of the virtual nodes that stand for the cluster elsewhere.
    public var clusterName: String
    /// The labels that the cluster's virtual nodes carry.
    public var labels: [String: String]
    /// What the daemon makes of the cluster in its peerings.
    public var role: Role
    /// Where peerings are taken: `HOST:PORT`; empty where none are.
    public var peerAddress: String
    /// SHA-256 of the peering authority's public key (DER SubjectPublicKeyInfo), in hexadecimal; empty where there is none.
    public var authorityPin: String
    /// Of the daemon: ``CausewayVersion/current`` of its build.
    public var version: String
    /// The network of the cluster's pods, such as `10.200.0.0/16`; empty where it is not known.
    public var podCIDR: String
    /// Where the cluster's Kubernetes API listens: `https://HOST:PORT`.
    public var apiServer: String
    /// `embedded` or `kubernetes`.
    public var mode: String

    public init(
        clusterID: String, clusterName: String, labels: [String: String], role: Role, peerAddress: String,
        authorityPin: String, version: String, podCIDR: String, apiServer: String, mode: String
    ) {
        self.clusterID = clusterID
        self.clusterName = clusterName
        self.labels = labels
        self.role = role
        self.peerAddress = peerAddress
        self.authorityPin = authorityPin
        self.version = version
        self.podCIDR = podCIDR
        self.apiServer = apiServer
        self.mode = mode
    }

    /// - Throws: `JSONError` naming the entry of the ConfigMap that is missing or wrong.
    public init(_ object: KubernetesObject) throws(JSONError) {
        let data = try JSONFields(
            object.json["data"] ?? [:], at: "configmap \(Names.systemNamespace)/\(object.name)")
        clusterID = try data.string("clusterID", limit: 64)
        clusterName = try data.string("clusterName", limit: 253)
        let labels = try JSON(parsing: try data.optionalString("labels") ?? "{}")
        guard let map = labels.stringMap else { throw data.error("labels", "expected an object of strings") }
        self.labels = map
        let word = try data.string("role")
        guard let role = Role(rawValue: word) else { throw data.error("role", "\"\(word)\" is neither hub nor agent") }
        self.role = role
        peerAddress = try data.optionalString("peerAddress") ?? ""
        authorityPin = try data.optionalString("authorityPin") ?? ""
        version = try data.optionalString("version") ?? ""
        podCIDR = try data.optionalString("podCIDR") ?? ""
        apiServer = try data.optionalString("apiServer") ?? ""
        mode = try data.optionalString("mode") ?? ""
    }

    /// The ConfigMap, as the cluster's first daemon makes it.
    public var object: KubernetesObject {
        KubernetesObject(
            .configMaps, name: Names.clusterInfo, namespace: Names.systemNamespace,
            [
                "data": [
                    "clusterID": .string(clusterID), "clusterName": .string(clusterName),
                    "labels": .string(JSON(labels).text()), "role": .string(role.rawValue),
                    "peerAddress": .string(peerAddress), "authorityPin": .string(authorityPin),
                    "version": .string(version), "podCIDR": .string(podCIDR), "apiServer": .string(apiServer),
                    "mode": .string(mode),
                ]
            ])
    }
}
