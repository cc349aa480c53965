public import JSONTree

/// The parameters of a stream of kind `logs`: which pod, by its key in the desired set, and which part of its log.
///
/// The options mean what `core/v1 PodLogOptions` says of them.
public struct LogsRequest: Sendable, Hashable {
    /// The pod's key: names at the origin.
    public var pod: ItemKey
    /// Empty for the only or default container.
    public var container: String
    /// Whether the stream goes on with what is written later. Absent means false.
    public var follow: Bool
    /// Whether the run before the last restart is meant. Absent means false.
    public var previous: Bool
    /// Whether each line begins with its time. Absent means false.
    public var timestamps: Bool
    /// Lines from the end. Absent means all.
    public var tailLines: Int?
    /// Only lines of the last so many seconds. Absent means all.
    public var sinceSeconds: Int?
    /// Only lines after this time, RFC 3339. Absent means all.
    public var sinceTime: String?
    /// The most bytes to send. Absent means no bound.
    public var limitBytes: Int?

    public init(
        pod: ItemKey, container: String = "", follow: Bool = false, previous: Bool = false, timestamps: Bool = false,
        tailLines: Int? = nil, sinceSeconds: Int? = nil, sinceTime: String? = nil, limitBytes: Int? = nil
    ) {
        self.pod = pod
        self.container = container
        self.follow = follow
        self.previous = previous
        self.timestamps = timestamps
        self.tailLines = tailLines
        self.sinceSeconds = sinceSeconds
        self.sinceTime = sinceTime
        self.limitBytes = limitBytes
    }

    /// - Throws: `JSONError` naming the field.
    public init(json: JSON) throws(JSONError) {
        let fields = try JSONFields(json, at: "parameters")
        guard let pod = ItemKey(try fields.string("pod", limit: ItemKey.maximumLength)) else {
            throw fields.error("pod", "expected KIND/NAMESPACE/NAME")
        }
        self.pod = pod
        container = try fields.optionalString("container", limit: 253) ?? ""
        follow = try fields.optionalBool("follow") ?? false
        previous = try fields.optionalBool("previous") ?? false
        timestamps = try fields.optionalBool("timestamps") ?? false
        tailLines = try fields.optionalInt("tailLines")
        sinceSeconds = try fields.optionalInt("sinceSeconds")
        sinceTime = try fields.optionalString("sinceTime", limit: 64)
        limitBytes = try fields.optionalInt("limitBytes")
    }

    public var json: JSON {
        var json: JSON = ["pod": .string(pod.text)]
        if !container.isEmpty { json["container"] = .string(container) }
        if follow { json["follow"] = true }
        if previous { json["previous"] = true }
        if timestamps { json["timestamps"] = true }
        if let tailLines { json["tailLines"] = JSON(tailLines) }
        if let sinceSeconds { json["sinceSeconds"] = JSON(sinceSeconds) }
        if let sinceTime { json["sinceTime"] = .string(sinceTime) }
        if let limitBytes { json["limitBytes"] = JSON(limitBytes) }
        return json
    }
}
