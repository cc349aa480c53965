public import JSONTree

/// The receiver of a stream has used up bytes and is ready for as many more.
public struct StreamWindowMessage: MessageBody {
    public static var type: String { "stream.window" }

    public var id: UInt32
    /// How many bytes more, beyond all granted before.
    public var bytes: Int

    public init(id: UInt32, bytes: Int) {
        self.id = id
        self.bytes = bytes
    }

    public init(fields: JSONFields) throws(JSONError) {
        id = try fields.streamID()
        bytes = try fields.int("bytes", in: 1...Int(Int32.max))
    }

    public func write(into object: inout JSONObject) {
        object["id"] = JSON(Int(id))
        object["bytes"] = JSON(bytes)
    }
}
