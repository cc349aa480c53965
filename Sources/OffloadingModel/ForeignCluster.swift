import JSONTree
public import KubernetesModel

/// A `discovery.liqo.io/v1alpha1 ForeignCluster`: one peered cluster.
public struct ForeignCluster: Sendable, Hashable {
    /// The whole object; fields that this type does not know stay as they are.
    public var object: KubernetesObject

    /// - Parameter object: as a cluster gave it; nothing of it is checked.
    public init(_ object: KubernetesObject) { self.object = object }

    /// A new one, as `causewayctl peer out-of-band` and the agent make them.
    ///
    /// - Parameters:
    ///   - authURL: as ``authURL``.
    ///   - hubURL: as ``hubURL``.
    public init(
        name: String, clusterID: String, clusterName: String, authURL: String, hubURL: String = "",
        outgoing: PeeringEnabled, incoming: PeeringEnabled
    ) {
        var spec: JSON = [
            "clusterIdentity": ["clusterID": .string(clusterID), "clusterName": .string(clusterName)],
            "peeringType": "OutOfBand", "outgoingPeeringEnabled": .string(outgoing.rawValue),
            "incomingPeeringEnabled": .string(incoming.rawValue),
        ]
        if !authURL.isEmpty { spec["foreignAuthUrl"] = .string(authURL) }
        if !hubURL.isEmpty { spec["foreignHubUrl"] = .string(hubURL) }
        object = KubernetesObject(
            .foreignClusters, name: name,
            ["metadata": ["labels": ["discovery.liqo.io/cluster-id": .string(clusterID)]], "spec": spec])
    }

    /// The object's name: the peering's key everywhere at this cluster.
    public var name: String { object.name }
    /// The other cluster's id; empty where the object lacks it.
    public var clusterID: String { object.spec["clusterIdentity"]?["clusterID"]?.string ?? "" }
    /// Falls back to the object's own name.
    public var clusterName: String {
        let name = object.spec["clusterIdentity"]?["clusterName"]?.string ?? ""
        return name.isEmpty ? object.name : name
    }
    /// Where this cluster's hub dials the other as an edge: `tls://HOST:PORT`; empty where the edge dials, or there is no
    /// outgoing peering.
    public var authURL: String { isEarlierJoin ? "" : text("foreignAuthUrl") }

    /// Where this cluster's agent dials the other as its hub: `tls://HOST:PORT`; empty where the hub dials, or there is no
    /// incoming peering.
    public var hubURL: String {
        let url = text("foreignHubUrl")
        return url.isEmpty && isEarlierJoin ? text("foreignAuthUrl") : url
    }

    /// Whether it was made when a cluster was an origin or an edge, never both, and one field named who is dialled.
    private var isEarlierJoin: Bool {
        incomingEnabled == .yes && outgoingEnabled != .yes && text("foreignHubUrl").isEmpty
            && !object.finalizers.contains(Names.peeringFinalizer)
    }

    private func text(_ field: String) -> String { object.spec[field]?.string ?? "" }

    /// Whether this cluster is an origin in a peering with the other, which is an edge then, whoever of both dials. It may
    /// be an edge of the other as well.
    public var isEdge: Bool { object.finalizers.contains(Names.peeringFinalizer) || !authURL.isEmpty }

    /// Whether this cluster is an edge of the other, or is about to join it. It may be an origin as well.
    public var isHub: Bool { incomingEnabled == .yes || !hubURL.isEmpty || has(.incoming) }

    /// Whether pods shall be sent there; a word that is unknown counts as `Auto`.
    public var outgoingEnabled: PeeringEnabled {
        PeeringEnabled(rawValue: object.spec["outgoingPeeringEnabled"]?.string ?? "") ?? .auto
    }
    /// Whether pods may come from there; a word that is unknown counts as `Auto`.
    public var incomingEnabled: PeeringEnabled {
        PeeringEnabled(rawValue: object.spec["incomingPeeringEnabled"]?.string ?? "") ?? .auto
    }

    /// The public id of the last token to enrol with; empty where the peering has only had its first.
    public func tokenID(_ direction: PeeringDirection) -> String {
        object.annotation(Names.tokenIDAnnotation(direction)) ?? ""
    }

    /// Whether the outgoing peering is to end, and the object to stay.
    public var asksForEnd: Bool { object.annotation(Names.endOutgoingAnnotation) != nil }

    /// The proxy to dial it through, `direct` for none, or empty for what the daemon's environment says.
    public var proxy: String { object.annotation(Names.proxyAnnotation) ?? "" }

    /// How much of this cluster the other may use; `nil` where nothing is said.
    public var share: String? { object.annotation(Names.shareAnnotation) }

    /// How far the other's pods may reach for this cluster's machines; `nil` where nothing is said.
    public var podSecurity: String? { object.annotation(Names.podSecurityAnnotation) }

    /// Which images the other may have run here; `nil` where nothing is said.
    public var allowedImages: String? { object.annotation(Names.allowedImagesAnnotation) }

    /// The name of the virtual node that stands for this cluster.
    public var virtualNode: String { Names.virtualNode(clusterName) }

    /// The last round-trip time to the edge's pod network, as shown; `nil` while unknown.
    public var roundTripTime: String? {
        get { object.status["network"]?["roundTripTime"]?.string }
        set {
            var status = object.status
            status["network", "roundTripTime"] = newValue.map(JSON.string)
            object.status = status
        }
    }
}
