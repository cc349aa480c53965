public import JSONTree

/// An item of the desired or the observed set: a key, a content, and the content's hash.
public protocol SetItem: Sendable, Hashable {
    associatedtype Content: ItemContent

    /// The set that such items are of.
    static var set: ItemSetName { get }

    /// What the item is about, in the origin's names: one item of a set a key.
    var key: ItemKey { get }

    /// The owner's fingerprint of the content: the first 128 bits of the SHA-256 of its canonical JSON, in lower-case hexadecimal.
    /// The other side only compares it.
    var hash: String { get }

    /// What the owner says about the key.
    var content: Content { get }

    /// As received: the hash is the owner's, and is not checked against the content.
    init(key: ItemKey, hash: String, content: Content)
}

/// What an item says, apart from its name.
public protocol ItemContent: Sendable, Hashable {
    /// - Throws: `JSONError` naming the field.
    init(fields: JSONFields, kind: String) throws(JSONError)

    /// Adds the one field that holds the content.
    func write(into object: inout JSONObject)
}

extension SetItem {
    /// About how many bytes of memory the item takes.
    public var footprint: Int {
        var object = JSONObject()
        content.write(into: &object)
        return 2 * ItemKey.maximumLength + JSON.object(object).footprint
    }
}

extension ItemContent {
    /// The bytes of whose SHA-256 the item's hash is made: canonical JSON, keys sorted, no white space.
    public var canonicalBytes: [UInt8] {
        var object = JSONObject()
        write(into: &object)
        return JSON.object(object).encoded(.canonical)
    }
}

extension SetItem {
    /// Reads an item.
    ///
    /// - Throws: `JSONError` naming the field.
    public init(fields: JSONFields) throws(JSONError) {
        guard let key = ItemKey(try fields.string("key")) else {
            throw fields.error("key", "expected KIND/NAME or KIND/NAMESPACE/NAME")
        }
        let hash = try fields.string("hash", limit: 128)
        let content = try Content(fields: fields, kind: key.kind)
        self.init(key: key, hash: hash, content: content)
    }

    public var json: JSON {
        var object = JSONObject()
        object["key"] = .string(key.text)
        object["hash"] = .string(hash)
        content.write(into: &object)
        return .object(object)
    }
}
