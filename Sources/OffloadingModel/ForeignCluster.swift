import JSONTree
public import KubernetesModel

/// Whether a peering in one direction is wanted (`spec.outgoingPeeringEnabled`, `spec.incomingPeeringEnabled`).
public enum PeeringEnabled: String, Sendable, CaseIterable {
    /// As if `No` for clusters that were added by hand.
    case auto = "Auto"
    case no = "No"
    case yes = "Yes"
}

/// What is known of one aspect of a peering (`status.peeringConditions[].type`).
public enum PeeringConditionType: String, Sendable, CaseIterable {
    case outgoing = "OutgoingPeering"
    case incoming = "IncomingPeering"
    case network = "NetworkStatus"
    case apiServer = "APIServerStatus"
    case authentication = "AuthenticationStatus"
}

/// How far one aspect of a peering is (`status.peeringConditions[].status`).
public enum PeeringStatus: String, Sendable, CaseIterable {
    case none = "None"
    case pending = "Pending"
    case established = "Established"
    case disconnecting = "Disconnecting"
    case denied = "Denied"
    case error = "Error"
}

/// One entry of `status.peeringConditions`.
public struct PeeringCondition: Sendable, Hashable {
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
    public var object: KubernetesObject

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

    public var name: String { object.name }
    public var clusterID: String { object.spec["clusterIdentity"]?["clusterID"]?.string ?? "" }
    /// Falls back to the object's own name.
    public var clusterName: String {
        let name = object.spec["clusterIdentity"]?["clusterName"]?.string ?? ""
        return name.isEmpty ? object.name : name
    }
    /// Where the cluster takes peerings: `tls://HOST:PORT`; empty where it dials us.
    public var authURL: String { object.spec["foreignAuthUrl"]?.string ?? "" }

    public var outgoingEnabled: PeeringEnabled {
        PeeringEnabled(rawValue: object.spec["outgoingPeeringEnabled"]?.string ?? "") ?? .auto
    }
    public var incomingEnabled: PeeringEnabled {
        PeeringEnabled(rawValue: object.spec["incomingPeeringEnabled"]?.string ?? "") ?? .auto
    }

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
