public import Wire

/// The copy holder's side of keeping a copy equal, on one connection: order, size and acknowledgements.
///
/// The copy itself is the caller's (``ReplicaSet``).
///
/// | state | event | next |
/// |---|---|---|
/// | idle | begin | digest sent: following |
/// | idle | changes | violation |
/// | following | changes with the next number | following |
/// | following | changes with another number, or too many items | violation |
public struct IncomingSync<Item: SetItem>: Sendable {
    private enum State: Sendable {
        case idle
        case following(keys: Set<ItemKey>, last: Int, acknowledged: Int)
    }

    private let limits: SessionLimits
    private var state = State.idle

    public init(limits: SessionLimits = SessionLimits()) { self.limits = limits }

    /// Says what the copy holds.
    ///
    /// - Returns: the digest, in several messages where it is long; nothing where it was sent before.
    public mutating func begin(held: [ItemKey: String], epoch: Int) -> [DigestMessage] {
        guard case .idle = state else { return [] }
        state = .following(keys: Set(held.keys), last: 0, acknowledged: 0)
        // 10,000 entries are 5 MB of text at most, and 1.5 MB as keys and hashes are in truth.
        let keys = held.keys.sorted()
        let pieces = stride(from: 0, to: max(keys.count, 1), by: 10_000)
        return pieces.map { start in
            let piece = keys[start..<min(start + 10_000, keys.count)]
            let entries = Dictionary(uniqueKeysWithValues: piece.compactMap { key in held[key].map { (key, $0) } })
            return DigestMessage(
                set: Item.set, entries: entries, isComplete: start + 10_000 >= keys.count, epoch: epoch)
        }
    }

    public mutating func received(_ changes: SetChanges<Item>) throws(PeerSessionEnd) {
        guard case .following(var keys, let last, let acknowledged) = state else {
            throw .violation("\(Item.set.rawValue) changes before the digest")
        }
        guard changes.sequence == last + 1 else {
            throw .violation("\(Item.set.rawValue) changes \(changes.sequence) after \(last)")
        }
        state = .idle
        for item in changes.upserts { keys.insert(item.key) }
        for key in changes.removals { keys.remove(key) }
        state = .following(keys: keys, last: changes.sequence, acknowledged: acknowledged)
        guard keys.count <= limits.items else {
            throw PeerSessionEnd(.limit, "more than \(limits.items) items in the \(Item.set.rawValue) set")
        }
        guard changes.sequence - acknowledged <= limits.unacknowledged * 4 else {
            throw PeerSessionEnd(.limit, "the peer does not wait for acknowledgements")
        }
    }

    /// The caller has taken changes over.
    ///
    /// - Returns: the acknowledgement; `nil` for a number that did not come or is acknowledged already.
    public mutating func consumed(_ sequence: Int) -> AcknowledgeMessage? {
        guard case .following(let keys, let last, let acknowledged) = state, sequence > acknowledged, sequence <= last
        else { return nil }
        state = .following(keys: keys, last: last, acknowledged: sequence)
        return AcknowledgeMessage(set: Item.set, sequence: sequence)
    }
}
