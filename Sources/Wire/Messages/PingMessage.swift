public import JSONTree

/// Asks the other side to show that it is there; answered by ``PongMessage`` at once.
public struct PingMessage: MessageBody {
    public static var type: String { "ping" }

    /// The sender's own count.
    public var id: Int

    public init(id: Int) { self.id = id }

    public init(fields: JSONFields) throws(JSONError) { id = try fields.int("id") }

    public func write(into object: inout JSONObject) { object["id"] = JSON(id) }
}
