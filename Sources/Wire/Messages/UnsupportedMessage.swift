public import JSONTree

/// The answer to a message of a type that the sender does not know. The connection goes on.
public struct UnsupportedMessage: MessageBody {
    public static var type: String { "unsupported" }

    /// The type that was not known.
    public var messageType: String

    public init(messageType: String) { self.messageType = messageType }

    public init(fields: JSONFields) throws(JSONError) { messageType = try fields.string("messageType", limit: 64) }

    public func write(into object: inout JSONObject) { object["messageType"] = .string(messageType) }
}
