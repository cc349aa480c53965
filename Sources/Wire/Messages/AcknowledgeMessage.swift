public import JSONTree

/// From the holder of a copy: the changes up to this number were taken over. The owner has a bounded number on the way.
public struct AcknowledgeMessage: MessageBody {
    public static var type: String { "ack" }

    /// The set that the sender holds a copy of.
    public var set: ItemSetName
    /// The highest ``SetChanges/sequence`` that was taken over.
    public var sequence: Int

    public init(set: ItemSetName, sequence: Int) {
        self.set = set
        self.sequence = sequence
    }

    public init(fields: JSONFields) throws(JSONError) {
        guard let set = ItemSetName(rawValue: try fields.string("set", limit: 16)) else {
            throw fields.error("set", "expected desired or observed")
        }
        self.set = set
        sequence = try fields.int("sequence")
    }

    public func write(into object: inout JSONObject) {
        object["set"] = .string(set.rawValue)
        object["sequence"] = JSON(sequence)
    }
}
