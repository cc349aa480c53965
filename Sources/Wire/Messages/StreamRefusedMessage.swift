public import JSONTree

/// There will be no such stream.
public struct StreamRefusedMessage: MessageBody {
    public static var type: String { "stream.refused" }

    public var id: UInt32
    /// One word for programs, such as `NotFound`.
    public var code: String
    /// A sentence for an operator.
    public var message: String

    public init(id: UInt32, code: String, message: String) {
        self.id = id
        self.code = code
        self.message = message
    }

    public init(fields: JSONFields) throws(JSONError) {
        id = try fields.streamID()
        code = try fields.string("code", limit: 128)
        message = try fields.optionalString("message", limit: 4096) ?? ""
    }

    public func write(into object: inout JSONObject) {
        object["id"] = JSON(Int(id))
        object["code"] = .string(code)
        object["message"] = .string(message)
    }
}
