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

    public init(epoch: Int = 0) { self.epoch = epoch }

    /// Hash by key.
    public var digest: [ItemKey: String] { items.digest }

    /// A connection was established: a copy of another epoch is dropped.
    public mutating func begin(epoch: Int) {
        guard epoch != self.epoch else { return }
        self = ReplicaSet(epoch: epoch)
    }

    public mutating func apply(_ changes: SetChanges<Item>) {
        items.apply(changes)
        if changes.isComplete { isComplete = true }
    }
}
