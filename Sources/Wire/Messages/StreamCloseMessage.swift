public import JSONTree

/// The sender will send no more on the stream. With an error the stream ends both ways at once.
public struct StreamCloseMessage: MessageBody {
    public static var type: String { "stream.close" }

    public var id: UInt32
    /// Why the stream broke, for an operator. Absent means a good end of this direction.
    public var error: String?

    public init(id: UInt32, error: String? = nil) {
        self.id = id
        self.error = error
    }

    public init(fields: JSONFields) throws(JSONError) {
        id = try fields.streamID()
        error = try fields.optionalString("error", limit: 4096)
    }

    public func write(into object: inout JSONObject) {
        object["id"] = JSON(Int(id))
        if let error { object["error"] = .string(error) }
    }
}
