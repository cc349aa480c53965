import DequeModule
import JSONTree
public import Wire

/// The owner's side of keeping a copy equal, on one connection.
///
/// Knows what the other side holds or will hold once all that was sent is applied, and the keys for which that differs from
/// the own set. Sends by level: a key that changes a hundred times while the peer is slow is sent once.
///
/// | own set | peer's digest | unacknowledged | next batch |
/// |---|---|---|---|
/// | not published | any | any | none |
/// | any | not complete | any | none |
/// | published | complete | at the limit | none |
/// | published | complete | below | what differs; `complete` once nothing is left; none when that was said |
///
/// Once the copy was complete, few changes that follow a message closely wait until ``heldBackUntil``, to go together.
public struct OutgoingSync<Item: SetItem>: Sendable {
    private let limits: SessionLimits
    private var own: ItemSet<Item>?
    private var held: [ItemKey: String] = [:]
    private var hasDigest = false
    private var queue: Deque<ItemKey> = []
    private var queued: Set<ItemKey> = []
    private var sent = 0
    private var acknowledged = 0
    private var owesCompletion = true
    private var lastSentAt: Duration?

    public init(limits: SessionLimits = SessionLimits()) { self.limits = limits }

    /// Whether the other side has confirmed all that there is to say.
    public var isSettled: Bool { own != nil && hasDigest && queue.isEmpty && !owesCompletion && sent == acknowledged }

    /// Replaces the whole own set; the first time this begins the synchronisation.
    public mutating func publish(_ set: ItemSet<Item>) {
        own = set
        if hasDigest { enqueue(set.differences(from: held)) }
    }

    /// Changes the own set. Does nothing before ``publish(_:)``.
    public mutating func update(upserts: [Item], removals: [ItemKey]) {
        guard own != nil else { return }
        for item in upserts where own?.upsert(item) == true { enqueue([item.key]) }
        for key in removals where own?.remove(key) == true { enqueue([key]) }
    }

    /// Takes what the other side holds; a digest may come in several messages, and only once a connection.
    ///
    /// - Throws: ``PeerSessionEnd`` for a second digest or one that is too large.
    public mutating func received(_ digest: DigestMessage, epoch: Int) throws(PeerSessionEnd) {
        guard !hasDigest else { throw .violation("a second digest of the \(Item.set.rawValue) set") }
        if digest.epoch == epoch { held.merge(digest.entries) { $1 } }
        guard held.count <= limits.items else {
            throw PeerSessionEnd(.limit, "a digest of more than \(limits.items) items")
        }
        guard digest.isComplete else { return }
        hasDigest = true
        if let own { enqueue(own.differences(from: held)) }
    }

    /// - Throws: ``PeerSessionEnd`` for a number that was not sent or that was confirmed before.
    public mutating func received(_ acknowledgement: AcknowledgeMessage) throws(PeerSessionEnd) {
        guard acknowledgement.sequence > acknowledged, acknowledgement.sequence <= sent else {
            throw .violation("\(Item.set.rawValue) changes \(acknowledgement.sequence) cannot be acknowledged now")
        }
        acknowledged = acknowledgement.sequence
    }

    private mutating func enqueue(_ keys: [ItemKey]) {
        guard hasDigest else { return }
        for key in keys where queued.insert(key).inserted { queue.append(key) }
    }

    /// Until when what there is to say waits for more of it; `nil` where nothing waits for that.
    public var heldBackUntil: Duration? {
        guard let lastSentAt, !owesCompletion, !queue.isEmpty, queue.count < limits.gatheredItems,
            sent - acknowledged < limits.unacknowledged
        else { return nil }
        return lastSentAt + limits.gathering
    }

    /// The next message, where there is something to say, the other side keeps up, and it need not wait for more.
    public mutating func nextBatch(_ now: Duration) -> SetChanges<Item>? {
        guard let own, hasDigest, sent - acknowledged < limits.unacknowledged else { return nil }
        if let heldBackUntil, now < heldBackUntil { return nil }
        var changes = SetChanges<Item>()
        var bytes = 0
        while bytes < limits.batchBytes, changes.upserts.count + changes.removals.count < limits.batchItems,
            let key = queue.first
        {
            if let item = own[key], held[key] != item.hash {
                let size = item.json.approximateSize
                // An item that would make the message too long begins the next one.
                if bytes > 0, bytes + size > limits.batchBytes { break }
                bytes += size
                held[key] = item.hash
                changes.upserts.append(item)
            } else if own[key] == nil, held[key] != nil {
                bytes += ItemKey.maximumLength
                held[key] = nil
                changes.removals.append(key)
            }
            queue.removeFirst()
            queued.remove(key)
        }
        let isEmpty = changes.upserts.isEmpty && changes.removals.isEmpty
        guard !isEmpty || owesCompletion else { return nil }
        owesCompletion = !queue.isEmpty
        changes.isComplete = queue.isEmpty
        sent += 1
        lastSentAt = now
        changes.sequence = sent
        return changes
    }
}

extension JSON {
    /// About as many bytes as the value has as text, without making the text.
    var approximateSize: Int {
        switch self {
        case .null, .bool: 5
        case .number(let number): number.text.utf8.count + 1
        case .string(let text): text.utf8.count + 3
        case .array(let elements): elements.reduce(2) { $0 + $1.approximateSize }
        case .object(let object): object.reduce(2) { $0 + $1.key.utf8.count + 4 + $1.value.approximateSize }
        }
    }
}
