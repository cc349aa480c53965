public import JSONTree

/// How a pod is joined to its cluster's bridge. Addresses are IPv4 in dotted form.
public struct BridgeAttachment: Sendable, Hashable {
    /// The bridge's interface name.
    public var bridge: String
    /// The name of the host's end of the pod's link; at most 15 bytes.
    public var hostInterface: String
    public var address: String
    public var prefixLength: Int
    public var gateway: String

    public init(bridge: String, hostInterface: String, address: String, prefixLength: Int, gateway: String) {
        self.bridge = bridge
        self.hostInterface = hostInterface
        self.address = address
        self.prefixLength = prefixLength
        self.gateway = gateway
    }

    public var json: JSON {
        [
            "bridge": JSON(bridge), "hostInterface": JSON(hostInterface), "address": JSON(address),
            "prefixLength": JSON(prefixLength), "gateway": JSON(gateway),
        ]
    }

    public init(_ fields: JSONFields) throws(JSONError) {
        bridge = try fields.string("bridge", limit: 15)
        hostInterface = try fields.string("hostInterface", limit: 15)
        address = try fields.string("address")
        prefixLength = try fields.int("prefixLength", in: 1...30)
        gateway = try fields.string("gateway")
    }
}
