import Wire

/// This side's part in keeping one of the two sets equal.
enum SyncSide<Item: SetItem>: Sendable {
    case owner(OutgoingSync<Item>)
    case copy(IncomingSync<Item>)

    init(role: PeerRole, limits: SessionLimits) {
        self = Item.set.owner == role ? .owner(OutgoingSync(limits: limits)) : .copy(IncomingSync(limits: limits))
    }

    mutating func withOwner<Result, Failure>(
        _ body: (inout OutgoingSync<Item>) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        guard case .owner(var sync) = self else { return nil }
        // Taken out while it changes, so that its storage has one owner.
        self = .owner(OutgoingSync())
        defer { self = .owner(sync) }
        return try body(&sync)
    }

    mutating func withCopy<Result, Failure>(
        _ body: (inout IncomingSync<Item>) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        guard case .copy(var sync) = self else { return nil }
        self = .copy(IncomingSync())
        defer { self = .copy(sync) }
        return try body(&sync)
    }
}
