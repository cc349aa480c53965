public import JSONTree

/// Asks for a stream: bytes both ways beside the messages, each way with a window of its own.
public struct StreamOpenMessage: MessageBody {
    public static var type: String { "stream.open" }

    /// Chosen by the asking side: odd from a hub, even from an agent, never used again on the connection.
    public var id: UInt32
    /// What the stream is for: `logs`, `probe`, …; an unknown kind is refused by the other side.
    public var kind: String
    /// An object; what is in it depends on the kind. Absent means an empty one.
    public var parameters: JSON
    /// How many bytes the asking side is ready to receive.
    public var window: Int

    public init(id: UInt32, kind: String, parameters: JSON = .object(JSONObject()), window: Int) {
        self.id = id
        self.kind = kind
        self.parameters = parameters
        self.window = window
    }

    public init(fields: JSONFields) throws(JSONError) {
        id = try fields.streamID()
        kind = try fields.string("kind", limit: 63)
        parameters = .object(try fields.optionalObject("parameters")?.object ?? JSONObject())
        window = try fields.int("window", in: 0...Int(Int32.max))
    }

    public func write(into object: inout JSONObject) {
        object["id"] = JSON(Int(id))
        object["kind"] = .string(kind)
        if parameters.object?.isEmpty == false { object["parameters"] = parameters }
        object["window"] = JSON(window)
    }
}

extension JSONFields {
    /// The field `id` of a message about a stream; 0 is none.
    func streamID() throws(JSONError) -> UInt32 {
        UInt32(truncatingIfNeeded: try int("id", in: 1...Int(UInt32.max)))
    }
}
