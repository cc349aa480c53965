/// One durable change.
struct StoreEvent: Sendable {
    enum Kind: Sendable {
        case added
        case modified
        /// `object` is the last version with the deletion's revision.
        case deleted
    }

    let kind: Kind
    let object: StoredObject
    /// The version before; `nil` for `added`.
    let previous: StoredObject?

    var revision: Int { object.revision }
}
