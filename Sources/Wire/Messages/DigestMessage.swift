public import JSONTree

/// From the holder of a copy, after each connect: what it holds. The owner answers with what differs.
public struct DigestMessage: MessageBody {
    public static var type: String { "digest" }
    /// The most entries of one message; more go into several.
    public static var maximumEntries: Int { 100_000 }

    /// The set that the sender holds a copy of.
    public var set: ItemSetName
    /// Hash by key.
    public var entries: [ItemKey: String]
    /// Whether no more messages of this digest follow. Absent means true.
    public var isComplete: Bool
    /// The epoch in which the copy was made: a copy of another epoch counts as empty.
    public var epoch: Int

    public init(set: ItemSetName, entries: [ItemKey: String], isComplete: Bool = true, epoch: Int) {
        self.set = set
        self.entries = entries
        self.isComplete = isComplete
        self.epoch = epoch
    }

    public init(fields: JSONFields) throws(JSONError) {
        guard let set = ItemSetName(rawValue: try fields.string("set", limit: 16)) else {
            throw fields.error("set", "expected desired or observed")
        }
        self.set = set
        epoch = try fields.int("epoch")
        isComplete = try fields.optionalBool("complete") ?? true
        entries = [:]
        for (text, hash) in try fields.stringMap("entries", limit: Self.maximumEntries) {
            guard let key = ItemKey(text) else {
                throw fields.error("entries", "expected keys of the form KIND/NAME or KIND/NAMESPACE/NAME")
            }
            guard hash.utf8.count <= 128 else { throw fields.error("entries", "a hash longer than 128 bytes") }
            entries[key] = hash
        }
    }

    public func write(into object: inout JSONObject) {
        object["set"] = .string(set.rawValue)
        object["epoch"] = JSON(epoch)
        var members = JSONObject()
        for key in entries.keys.sorted() { members[key.text] = entries[key].map(JSON.string) }
        object["entries"] = .object(members)
        if !isComplete { object["complete"] = false }
    }
}
