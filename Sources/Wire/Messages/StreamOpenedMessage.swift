public import JSONTree

/// The stream is there.
public struct StreamOpenedMessage: MessageBody {
    public static var type: String { "stream.opened" }

    public var id: UInt32
    /// How many bytes the answering side is ready to receive.
    public var window: Int

    public init(id: UInt32, window: Int) {
        self.id = id
        self.window = window
    }

    public init(fields: JSONFields) throws(JSONError) {
        id = try fields.streamID()
        window = try fields.int("window", in: 0...Int(Int32.max))
    }

    public func write(into object: inout JSONObject) {
        object["id"] = JSON(Int(id))
        object["window"] = JSON(window)
    }
}
