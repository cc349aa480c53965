public import Wire

/// The copy that the other side of a peering holds of a set, across connections.
///
/// On each connection: ``begin(epoch:)``, send ``digest``, then ``apply(_:)`` what comes.
public struct ReplicaSet<Item: SetItem>: Sendable {
    public private(set) var items = ItemSet<Item>()
    /// Whether the copy has equalled the owner's set in this epoch. Before that nothing may be deleted because of it.
    public private(set) var isComplete = false
    /// The epoch in which the copy was made.
    public private(set) var epoch: Int
    /// About how many bytes of memory the items take, and may take.
    private var footprint = 0
    private let limit: Int
    /// Whether changes were left out on this connection: those after them would make a wrong copy.
    private var hasGap = false

    /// - Parameter limit: in bytes of memory, about.
    public init(epoch: Int = 0, limit: Int = Item.set.maximumFootprint) {
        self.epoch = epoch
        self.limit = limit
    }

    /// Hash by key.
    public var digest: [ItemKey: String] { items.digest }

    /// A connection was established: a copy of another epoch is dropped.
    public mutating func begin(epoch: Int) {
        hasGap = false
        guard epoch != self.epoch else { return }
        self = ReplicaSet(epoch: epoch, limit: limit)
    }

    /// Takes changes over, all of them or none.
    ///
    /// - Returns: whether there was room; where there was none the copy stays as it is until the next ``begin(epoch:)``, and its
    ///   owner is to be refused.
    @discardableResult
    public mutating func apply(_ changes: SetChanges<Item>) -> Bool {
        var sizes: [ItemKey: Int] = [:]
        for item in changes.upserts { sizes[item.key] = item.footprint }
        for key in changes.removals { sizes[key] = 0 }
        let footprint = sizes.reduce(footprint) { $0 + $1.value - (items[$1.key]?.footprint ?? 0) }
        guard footprint <= limit, !hasGap else {
            hasGap = true
            return false
        }
        self.footprint = footprint
        items.apply(changes)
        if changes.isComplete { isComplete = true }
        return true
    }
}
