public import JSONTree

/// Changes to a set, from its owner to the holder of the copy: ``DesiredMessage`` and ``ObservedMessage``.
///
/// Applying the same changes twice does the same as once. What is not named stays as it is.
public struct SetChanges<Item: SetItem>: MessageBody {
    public static var type: String { Item.set.rawValue }
    /// The most items that one message may name.
    public static var maximumItems: Int { 10_000 }

    /// Counts the owner's messages about the set from 1, on each connection anew. Named in the acknowledgement.
    public var sequence: Int
    /// Items that are new or changed, each whole. Absent means none.
    public var upserts: [Item]
    /// Items that the set no longer has. Absent means none.
    public var removals: [ItemKey]
    /// Whether the copy equals the owner's set once these changes are applied. Absent means false.
    ///
    /// Only a copy that was complete may be a reason to delete what it does not name.
    public var isComplete: Bool

    public init(sequence: Int = 0, upserts: [Item] = [], removals: [ItemKey] = [], isComplete: Bool = false) {
        self.sequence = sequence
        self.upserts = upserts
        self.removals = removals
        self.isComplete = isComplete
    }

    public init(fields: JSONFields) throws(JSONError) {
        sequence = try fields.int("sequence")
        isComplete = try fields.optionalBool("complete") ?? false
        upserts = []
        for (name, value) in try fields.elements("upserts", limit: Self.maximumItems) {
            upserts.append(try Item(fields: JSONFields(value, at: name)))
        }
        removals = []
        for text in try fields.strings("removals", limit: Self.maximumItems) {
            guard let key = ItemKey(text) else {
                throw fields.error("removals", "expected texts of the form KIND/NAME or KIND/NAMESPACE/NAME")
            }
            removals.append(key)
        }
    }

    public func write(into object: inout JSONObject) {
        object["sequence"] = JSON(sequence)
        if !upserts.isEmpty { object["upserts"] = .array(upserts.map(\.json)) }
        if !removals.isEmpty { object["removals"] = .array(removals.map { .string($0.text) }) }
        if isComplete { object["complete"] = true }
    }
}

/// From the hub: what the edge shall run.
public typealias DesiredMessage = SetChanges<DesiredItem>

/// From the agent: what the edge runs.
public typealias ObservedMessage = SetChanges<ObservedItem>
