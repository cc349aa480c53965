public import JSONTree

/// What has become of a ``DesiredObject`` on the edge.
public struct ObservedObject: Sendable, Hashable {
    /// One word for programs; ``ready`` where the object is as it shall be.
    public var reason: String
    /// A sentence for an operator, which says nothing of what the object holds; may be empty. Absent means empty.
    public var message: String

    /// The object is there, and is the origin's.
    public static let ready = "Ready"
    /// An object of that name exists which is not the origin's; nothing of it was touched.
    public static let conflict = "Conflict"
    /// The agent does not know the kind.
    public static let notSupported = "NotSupported"

    public init(reason: String, message: String = "") {
        self.reason = reason
        self.message = message
    }

    public init(fields: JSONFields) throws(JSONError) {
        reason = try fields.string("reason", limit: 128)
        message = try fields.optionalString("message", limit: 4096) ?? ""
    }

    public var isReady: Bool { reason == Self.ready }

    public var json: JSON {
        var json: JSON = ["reason": .string(reason)]
        if !message.isEmpty { json["message"] = .string(message) }
        return json
    }
}
