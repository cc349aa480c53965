public import JSONTree

/// The first message of both sides after mutual TLS: who speaks, and which protocol.
public struct HelloMessage: MessageBody {
    public static var type: String { "hello" }

    /// The feature of a sender that lets the agent ask for signs of life, where the peer has it too; otherwise the hub asks.
    public static let agentAsks = "agent-asks"

    /// The protocol versions that the sender speaks.
    public var versions: ClosedRange<Int>
    /// The sender's software, for people only.
    public var softwareVersion: String
    /// What the sender can do beyond the version's minimum, such as ``agentAsks``; unknown ones are ignored. Absent means none.
    public var features: [String]
    /// Must be the id in the sender's certificate.
    public var clusterID: String
    public var clusterName: String
    public var role: PeerRole
    /// The sender's epoch of this peering; 0 where it has none yet.
    public var epoch: Int
    /// What tells the sender's process from every other one, a clone of its machine among them. Absent means that it does not say.
    public var instance: String

    public init(
        versions: ClosedRange<Int> = ProtocolVersion.minimum...ProtocolVersion.maximum, softwareVersion: String,
        features: [String] = [], clusterID: String, clusterName: String, role: PeerRole, epoch: Int,
        instance: String = ""
    ) {
        self.versions = versions
        self.softwareVersion = softwareVersion
        self.features = features
        self.clusterID = clusterID
        self.clusterName = clusterName
        self.role = role
        self.epoch = epoch
        self.instance = instance
    }

    public init(fields: JSONFields) throws(JSONError) {
        let bounds = try fields.value("versions").array?.compactMap(\.int) ?? []
        guard bounds.count == 2, bounds[0] >= 1, bounds[0] <= bounds[1] else {
            throw fields.error("versions", "expected [lowest, highest], two whole numbers from 1 on")
        }
        versions = bounds[0]...bounds[1]
        softwareVersion = try fields.optionalString("softwareVersion", limit: 128) ?? ""
        features = try fields.strings("features", limit: 256)
        clusterID = try fields.string("clusterID", limit: 128)
        clusterName = try fields.string("clusterName", limit: 253)
        let role = try fields.string("role", limit: 16)
        guard let role = PeerRole(rawValue: role) else { throw fields.error("role", "expected hub or agent") }
        self.role = role
        epoch = try fields.int("epoch")
        instance = try fields.optionalString("instance", limit: 64) ?? ""
    }

    public func write(into object: inout JSONObject) {
        object["versions"] = [JSON(versions.lowerBound), JSON(versions.upperBound)]
        object["softwareVersion"] = .string(softwareVersion)
        if !features.isEmpty { object["features"] = JSON(features) }
        object["clusterID"] = .string(clusterID)
        object["clusterName"] = .string(clusterName)
        object["role"] = .string(role.rawValue)
        object["epoch"] = JSON(epoch)
        if !instance.isEmpty { object["instance"] = .string(instance) }
    }
}
