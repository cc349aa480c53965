import Wire

/// An item of one hub.
struct HubItem: Sendable, Hashable, CustomStringConvertible {
    let hub: String
    let key: ItemKey

    var description: String { "\(hub): \(key)" }
}
