public import JSONTree

/// The network a pod gets.
public enum NetworkPlan: Sendable, Hashable {
    /// A network namespace of its own, joined to the cluster's bridge; needs root.
    case bridged(BridgeAttachment)
    /// A network namespace of its own with nothing but loopback; needs only user namespaces. The address is one of 127.0.0.0/8.
    case isolated(address: String)
    /// The host's network. The address is one of 127.0.0.0/8, or the host's for `hostNetwork`.
    case host(address: String)

    /// The pod's address.
    public var address: String {
        switch self {
        case .bridged(let attachment): attachment.address
        case .isolated(let address), .host(let address): address
        }
    }

    public var json: JSON {
        switch self {
        case .bridged(let attachment): ["bridged": attachment.json]
        case .isolated(let address): ["isolated": ["address": JSON(address)]]
        case .host(let address): ["host": ["address": JSON(address)]]
        }
    }

    public init(_ fields: JSONFields) throws(JSONError) {
        if let bridged = try fields.optionalObject("bridged") {
            self = .bridged(try BridgeAttachment(bridged))
        } else if let isolated = try fields.optionalObject("isolated") {
            self = .isolated(address: try isolated.string("address"))
        } else {
            self = .host(address: try fields.object("host").string("address"))
        }
    }
}
