public import JSONTree

/// From the agent: what its cluster has and how it is. Each message is the whole of it; the last one counts.
public struct AdvertiseMessage: MessageBody {
    public static var type: String { "advertise" }

    /// A state of the edge, as on a Kubernetes node.
    public struct Condition: Sendable, Hashable {
        /// `Ready`, `Degraded` and others; unknown ones are shown as they are.
        public var type: String
        /// `True`, `False` or `Unknown`.
        public var status: String
        public var reason: String
        public var message: String

        public init(type: String, status: String, reason: String = "", message: String = "") {
            self.type = type
            self.status = status
            self.reason = reason
            self.message = message
        }
    }

    /// Resource name to Kubernetes quantity: all that the edge has.
    public var capacity: [String: String]
    /// What the origin may use of it.
    public var allocatable: [String: String]
    /// The largest pod that fits on one of the edge's nodes now. Absent means not known.
    public var largestFit: [String: String]
    /// The cluster's labels, for the virtual node.
    public var labels: [String: String]
    /// As Go names it: `amd64`, `arm64`.
    public var architecture: String
    /// As Go names it: `linux`.
    public var operatingSystem: String
    /// Absent means not known.
    public var kernelVersion: String
    /// Absent means not known.
    public var kubeletVersion: String
    /// Of several of one type the first counts.
    public var conditions: [Condition]
    /// The edge's pod network, such as `10.21.0.0/24`. Absent means none.
    public var podCIDR: String
    /// The address of that network which answers probes. Absent means none.
    public var gateway: String

    public init(
        capacity: [String: String], allocatable: [String: String], largestFit: [String: String] = [:],
        labels: [String: String] = [:], architecture: String, operatingSystem: String = "linux",
        kernelVersion: String = "", kubeletVersion: String = "", conditions: [Condition], podCIDR: String = "",
        gateway: String = ""
    ) {
        self.capacity = capacity
        self.allocatable = allocatable
        self.largestFit = largestFit
        self.labels = labels
        self.architecture = architecture
        self.operatingSystem = operatingSystem
        self.kernelVersion = kernelVersion
        self.kubeletVersion = kubeletVersion
        self.conditions = conditions
        self.podCIDR = podCIDR
        self.gateway = gateway
    }

    public init(fields: JSONFields) throws(JSONError) {
        capacity = try fields.stringMap("capacity", limit: 256)
        allocatable = try fields.stringMap("allocatable", limit: 256)
        largestFit = try fields.stringMap("largestFit", limit: 256)
        labels = try fields.stringMap("labels", limit: 256)
        architecture = try fields.string("architecture", limit: 63)
        operatingSystem = try fields.string("operatingSystem", limit: 63)
        kernelVersion = try fields.optionalString("kernelVersion", limit: 256) ?? ""
        kubeletVersion = try fields.optionalString("kubeletVersion", limit: 256) ?? ""
        podCIDR = try fields.optionalString("podCIDR", limit: 64) ?? ""
        gateway = try fields.optionalString("gateway", limit: 64) ?? ""
        conditions = []
        for (name, value) in try fields.elements("conditions", limit: 64) {
            conditions.append(try Condition(fields: JSONFields(value, at: name)))
        }
    }

    public func write(into object: inout JSONObject) {
        object["capacity"] = JSON(capacity)
        object["allocatable"] = JSON(allocatable)
        if !largestFit.isEmpty { object["largestFit"] = JSON(largestFit) }
        object["labels"] = JSON(labels)
        object["architecture"] = .string(architecture)
        object["operatingSystem"] = .string(operatingSystem)
        if !kernelVersion.isEmpty { object["kernelVersion"] = .string(kernelVersion) }
        if !kubeletVersion.isEmpty { object["kubeletVersion"] = .string(kubeletVersion) }
        object["conditions"] = .array(conditions.map(\.json))
        if !podCIDR.isEmpty { object["podCIDR"] = .string(podCIDR) }
        if !gateway.isEmpty { object["gateway"] = .string(gateway) }
    }
}

extension AdvertiseMessage.Condition {
    init(fields: JSONFields) throws(JSONError) {
        type = try fields.string("type", limit: 316)
        status = try fields.string("status", limit: 16)
        reason = try fields.optionalString("reason", limit: 1024) ?? ""
        message = try fields.optionalString("message", limit: 4096) ?? ""
    }

    var json: JSON {
        var json: JSON = ["type": .string(type), "status": .string(status)]
        if !reason.isEmpty { json["reason"] = .string(reason) }
        if !message.isEmpty { json["message"] = .string(message) }
        return json
    }
}
