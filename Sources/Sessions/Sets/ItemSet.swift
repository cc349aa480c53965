public import Wire

/// A set of items by key, with what it takes to bring a copy in line with it.
public struct ItemSet<Item: SetItem>: Sendable, Hashable {
    public private(set) var items: [ItemKey: Item]

    public init() { items = [:] }

    /// A later item with the same key wins.
    public init(_ items: some Sequence<Item>) {
        self.items = Dictionary(items.map { ($0.key, $0) }) { $1 }
    }

    public var count: Int { items.count }
    public var isEmpty: Bool { items.isEmpty }
    public subscript(key: ItemKey) -> Item? { items[key] }

    /// Hash by key: what goes into a digest.
    public var digest: [ItemKey: String] { items.mapValues(\.hash) }

    /// - Returns: whether the set changed; an item with the same hash is no change.
    @discardableResult
    public mutating func upsert(_ item: Item) -> Bool {
        guard items[item.key]?.hash != item.hash else { return false }
        items[item.key] = item
        return true
    }

    /// - Returns: whether the item was there.
    @discardableResult
    public mutating func remove(_ key: ItemKey) -> Bool { items.removeValue(forKey: key) != nil }

    /// The keys for which a copy with this digest differs, namespaces first.
    public func differences(from held: [ItemKey: String]) -> [ItemKey] {
        var keys = items.values.filter { held[$0.key] != $0.hash }.map(\.key)
        keys += held.keys.filter { items[$0] == nil }
        return keys.sorted()
    }

    /// The changes that turn a copy with this digest into this set.
    public func changes(from held: [ItemKey: String]) -> SetChanges<Item> {
        var changes = SetChanges<Item>(isComplete: true)
        for key in differences(from: held) {
            if let item = items[key] { changes.upserts.append(item) } else { changes.removals.append(key) }
        }
        return changes
    }

    /// Takes changes over. The same changes again change nothing.
    public mutating func apply(_ changes: SetChanges<Item>) {
        for item in changes.upserts { items[item.key] = item }
        for key in changes.removals { items[key] = nil }
    }
}

/// What an edge shall run.
public typealias DesiredSet = ItemSet<DesiredItem>

/// What an edge runs.
public typealias ObservedSet = ItemSet<ObservedItem>
