public import JSONTree

/// The answer to ``PingMessage``.
public struct PongMessage: MessageBody {
    public static var type: String { "pong" }

    /// The ping's.
    public var id: Int

    public init(id: Int) { self.id = id }

    public init(fields: JSONFields) throws(JSONError) { id = try fields.int("id") }

    public func write(into object: inout JSONObject) { object["id"] = JSON(id) }
}
