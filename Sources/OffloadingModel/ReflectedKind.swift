public import JSONTree
public import KubernetesModel

/// The kinds of objects that go to edges besides namespaces and pods, and what of each goes.
///
/// Pure. Both sides go by it: the hub sends no other fields, and the agent takes no other ones from a hub.
public enum ReflectedKind: String, Sendable, Hashable, CaseIterable {
    case configMap = "ConfigMap"
    case secret = "Secret"
    case service = "Service"
    case serviceAccount = "ServiceAccount"

    public var type: ResourceType {
        switch self {
        case .configMap: .configMaps
        case .secret: .secrets
        case .service: .services
        case .serviceAccount: .serviceAccounts
        }
    }

    /// The most bytes of an object's fields as text: what Kubernetes allows of data, in base64, and a reserve.
    public static let maximumSize = 3 * 1024 * 1024

    /// Why an object does not go to an edge; `nil` where it does. Says nothing of what it holds.
    ///
    /// - Parameter fields: the whole object, or what ``fields(of:)`` says of it.
    public func objection(to fields: JSON, name: String) -> String? {
        if fields.isLonger(than: Self.maximumSize) { return "it has more than \(Self.maximumSize) bytes" }
        switch self {
        case .configMap:
            return name == "kube-root-ca.crt" ? "each cluster has one of its own" : nil
        case .secret:
            switch fields["type"]?.string {
            case "kubernetes.io/service-account-token":
                return "it holds a ServiceAccount's token, which no other cluster takes"
            case "bootstrap.kubernetes.io/token": return "it holds a token for nodes to join their cluster"
            default: return nil
            }
        case .service:
            if fields["spec", "type"]?.string == "ExternalName" { return "it is a name of something outside" }
            return fields["spec", "selector"]?.object?.isEmpty == false ? nil : "it selects no pods"
        case .serviceAccount:
            return name == "default" ? "each namespace has one of its own" : nil
        }
    }

    /// What an object has at an edge besides its metadata.
    public func fields(of object: JSON) -> JSON {
        switch self {
        case .configMap:
            return Self.data(object, ["data", "binaryData"])
        case .secret:
            var fields = Self.data(object, ["data"])
            fields["type"] = .string(object["type"]?.string ?? "Opaque")
            return fields
        case .service:
            return ["spec": Self.service(object["spec"] ?? [:])]
        case .serviceAccount:
            // The name is all that there is of it at the edge: no rights, and no token in any pod.
            return ["automountServiceAccountToken": false]
        }
    }

    private static func data(_ object: JSON, _ maps: [String]) -> JSON {
        var fields: JSON = [:]
        for map in maps {
            let pairs = (object[map]?.object ?? JSONObject()).filter { $0.value.string != nil }
            if !pairs.isEmpty { fields[map] = .object(JSONObject(pairs.map { ($0.key, $0.value) })) }
        }
        if object["immutable"]?.bool == true { fields["immutable"] = true }
        return fields
    }

    /// A Service that is reached inside of its cluster only, at an address which that cluster gives it.
    private static func service(_ spec: JSON) -> JSON {
        var fields: JSON = ["type": "ClusterIP"]
        if spec["clusterIP"]?.string == "None" { fields["clusterIP"] = "None" }
        for key in ["selector", "sessionAffinity", "sessionAffinityConfig", "publishNotReadyAddresses"] {
            if let value = spec[key], !value.isNull { fields[key] = value }
        }
        let ports = (spec["ports"]?.array ?? []).map { port -> JSON in
            var kept: JSON = [:]
            for key in ["name", "protocol", "appProtocol", "port", "targetPort"] {
                if let value = port[key], !value.isNull { kept[key] = value }
            }
            return kept
        }
        if !ports.isEmpty { fields["ports"] = .array(ports) }
        return fields
    }

    /// Whether an object of the edge has what it shall have; what an API server adds does not count.
    public func isSame(_ object: JSON, as wanted: JSON) -> Bool {
        guard self == .service else { return fields(of: object) == fields(of: wanted) }
        // Whatever opens it to the outside was done by hand.
        if object["spec", "type"]?.string ?? "ClusterIP" != "ClusterIP" { return false }
        if object["spec", "externalIPs"]?.array?.isEmpty == false { return false }
        let (found, shall) = (fields(of: object)["spec"], fields(of: wanted)["spec"])
        return Self.isServiceSame(found ?? .null, shall ?? .null)
    }

    private static func isServiceSame(_ found: JSON, _ shall: JSON) -> Bool {
        let defaults: [String: JSON] = ["sessionAffinity": "None", "publishNotReadyAddresses": false]
        for key in ["clusterIP", "selector", "sessionAffinity", "publishNotReadyAddresses"]
        where (found[key] ?? defaults[key]) != (shall[key] ?? defaults[key]) {
            return false
        }
        func ports(_ spec: JSON) -> [JSON] {
            (spec["ports"]?.array ?? []).map { port in
                var port = port
                if port["protocol"] == nil { port["protocol"] = "TCP" }
                if port["targetPort"] == nil { port["targetPort"] = port["port"] }
                return port
            }
        }
        return ports(found) == ports(shall)
    }
}
