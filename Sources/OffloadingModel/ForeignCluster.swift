import JSONTree
public import KubernetesModel

/// Whether a peering in one direction is wanted (`spec.outgoingPeeringEnabled`, `spec.incomingPeeringEnabled`).
public enum PeeringEnabled: String, Sendable, CaseIterable {
    /// As `No`: nothing is wanted until somebody says so.
    case auto = "Auto"
    case no = "No"
    case yes = "Yes"
}

/// What is known of one aspect of a peering (`status.peeringConditions[].type`).
public enum PeeringConditionType: String, Sendable, CaseIterable {
    /// Whether this cluster sends pods there: Established while the virtual node is Ready.
    case outgoing = "OutgoingPeering"
    /// Whether pods come from there.
    case incoming = "IncomingPeering"
    /// Whether a stream through the peering is answered from the edge's pod network.
    case network = "NetworkStatus"
    /// Whether the two sides are connected and the edge's own API answers.
    case apiServer = "APIServerStatus"
    /// Whether both sides' certificates hold.
    case authentication = "AuthenticationStatus"
}

/// How far one aspect of a peering is (`status.peeringConditions[].status`).
public enum PeeringStatus: String, Sendable, CaseIterable {
    /// Not wanted, or nothing is known.
    case none = "None"
    /// Wanted and not there yet, or not there at the moment; goes on by itself.
    case pending = "Pending"
    case established = "Established"
    /// Being taken back.
    case disconnecting = "Disconnecting"
    /// Refused by the other side: somebody has to do something.
    case denied = "Denied"
    /// Something is wrong; the message says what.
    case error = "Error"
}

/// One entry of `status.peeringConditions`.
public struct PeeringCondition: Sendable, Hashable {
    /// How far it is.
    public var status: PeeringStatus
    /// One word in camel case for programs.
    public var reason: String
    /// A sentence for people, saying what to do where something is wrong.
    public var message: String

    public init(_ status: PeeringStatus, _ reason: String, _ message: String = "") {
        self.status = status
        self.reason = reason
        self.message = message
    }
}

/// A `discovery.liqo.io/v1alpha1 ForeignCluster`: one peered cluster.
public struct ForeignCluster: Sendable, Hashable {
    /// The whole object; fields that this type does not know stay as they are.
    public var object: KubernetesObject

    /// - Parameter object: as a cluster gave it; nothing of it is checked.
    public init(_ object: KubernetesObject) { self.object = object }

    /// A new one, as `causewayctl peer out-of-band` and the agent make them.
    public init(
        name: String, clusterID: String, clusterName: String, authURL: String, outgoing: PeeringEnabled,
        incoming: PeeringEnabled
    ) {
        var spec: JSON = [
            "clusterIdentity": ["clusterID": .string(clusterID), "clusterName": .string(clusterName)],
            "peeringType": "OutOfBand", "outgoingPeeringEnabled": .string(outgoing.rawValue),
            "incomingPeeringEnabled": .string(incoming.rawValue),
        ]
        if !authURL.isEmpty { spec["foreignAuthUrl"] = .string(authURL) }
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
    /// Where the cluster is dialled: `tls://HOST:PORT`; empty where it dials us.
    public var authURL: String { object.spec["foreignAuthUrl"]?.string ?? "" }

    /// Whether this cluster is the origin in the peering: the other is an edge, whoever of both dials.
    public var isEdge: Bool {
        object.finalizers.contains(Names.peeringFinalizer) || !authURL.isEmpty && incomingEnabled != .yes
    }

    /// Whether pods shall be sent there; a word that is unknown counts as `Auto`.
    public var outgoingEnabled: PeeringEnabled {
        PeeringEnabled(rawValue: object.spec["outgoingPeeringEnabled"]?.string ?? "") ?? .auto
    }
    /// Whether pods may come from there; a word that is unknown counts as `Auto`.
    public var incomingEnabled: PeeringEnabled {
        PeeringEnabled(rawValue: object.spec["incomingPeeringEnabled"]?.string ?? "") ?? .auto
    }

    /// Whether the certificates that this cluster has issued to the other are to be revoked.
    public var asksForRevocation: Bool { object.annotation(Names.revokeAnnotation) != nil }
    /// The public id of the last token to enrol with; empty where the peering has only had its first.
    public var tokenID: String { object.annotation(Names.tokenIDAnnotation) ?? "" }

    /// The proxy to dial it through, `direct` for none, or empty for what the daemon's environment says.
    public var proxy: String { object.annotation(Names.proxyAnnotation) ?? "" }

    /// How much of this cluster the other may use; `nil` where nothing is said.
    public var share: String? { object.annotation(Names.shareAnnotation) }

    /// The name of the virtual node that stands for this cluster.
    public var virtualNode: String { Names.virtualNode(clusterName) }

    /// The condition of a type; `None` where nothing is known.
    public func condition(_ type: PeeringConditionType) -> PeeringCondition {
        guard let json = Conditions.find(type.rawValue, in: object.status["peeringConditions"]) else {
            return PeeringCondition(.none, "")
        }
        return PeeringCondition(
            PeeringStatus(rawValue: json["status"]?.string ?? "") ?? .none, json["reason"]?.string ?? "",
            json["message"]?.string ?? "")
    }

    /// Whether a condition's status is Established.
    public func isEstablished(_ type: PeeringConditionType) -> Bool { condition(type).status == .established }

    /// Sets a condition; its transition time moves only when its status changes.
    ///
    /// - Parameter now: seconds since 1970.
    public mutating func set(_ type: PeeringConditionType, _ condition: PeeringCondition, now: Int) {
        var status = object.status
        var conditions = status["peeringConditions"]
        Conditions.set(
            type.rawValue, status: condition.status.rawValue, reason: condition.reason, message: condition.message,
            now: now,
            in: &conditions)
        status["peeringConditions"] = conditions
        object.status = status
    }

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
