import Dispatch
import KubernetesModel
import Synchronization

#if canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// All objects of an embedded cluster: durable in one SQLite file, served from memory.
///
/// Writes queue for one writer. It takes all that wait, checks each, commits them in one transaction, and only then shows
/// them: to readers, to followers, and last to the callers. So nobody sees what a crash could take back, and the writes of
/// concurrent callers share one wait for the disk. One revision counts all changes of all resources.
///
/// When the disk is full or fails, writes are refused with that reason and reads go on; the next write tries again.
final class ObjectStore: Sendable {
    private struct Queue {
        var waiting: [(StoreRequest, CheckedContinuation<StoreOutcome, Never>)] = []
        var isDraining = false
        var isClosed = false
    }

    /// The one thing that only the writer's thread may touch.
    private final class WriterBox: @unchecked Sendable {
        // Sendable because only blocks of `thread`, a serial queue, use it once the store is made.
        var writer: StoreWriter?
    }

    private let state: Mutex<StoreState>
    private let feed: ChangeFeed
    private let queue = Mutex(Queue())
    private let thread = DispatchQueue(label: "causeway.store.writer")
    private let box = WriterBox()
    private let lock: Mutex<StateFolderLock?>
    private let onCommit: @Sendable ([StoreEvent]) -> Void
    private let window: Mutex<ListWindow>

    /// Opens the store of a folder, which must exist.
    ///
    /// - Parameters:
    ///   - indexes: fields by which objects are found fast.
    ///   - historyEvents: the most changes that are kept for watches which resume.
    ///   - historyBytes: the most bytes of objects that these changes may hold.
    ///   - listWindow: how long a list can go on as of its first page.
    ///   - pageLimit: the most pages of 4 KiB that the file may have; `nil` for as many as the disk takes.
    ///   - onCommit: called with each batch of changes, in order, before their callers go on.
    /// - Throws: `StoreError`.
    init(
        folder: String, indexes: [ResourceID: [StoreIndex]] = [:], historyEvents: Int = 10_000,
        historyBytes: Int = 8 << 20, listWindow: Duration = .seconds(300), pageLimit: Int? = nil,
        onCommit: @escaping @Sendable ([StoreEvent]) -> Void = { _ in }
    ) throws(StoreError) {
        lock = Mutex(try StateFolderLock(path: folder + "/lock"))
        let log = try ObjectLog(path: folder + "/state.db", pageLimit: pageLimit)
        var state = StoreState(indexes: indexes)
        var history: [StoreEvent] = []
        try log.load { (row) throws(StoreError) in
            let event = try Self.event(row, state.object(row.reference))
            state.apply(event)
            guard row.revision > log.compactedRevision else { return }
            event.previous?.forgetTree()
            history.append(event)
        }
        state.raise(to: log.compactedRevision)
        feed = ChangeFeed(maxEvents: historyEvents, maxBytes: historyBytes)
        feed.restore(history, forgotten: log.compactedRevision, revision: state.revision)
        let revision = state.revision
        self.state = Mutex(state)
        self.onCommit = onCommit
        window = Mutex(ListWindow(length: listWindow))
        box.writer = StoreWriter(log: log, revision: revision) { [weak self] in self?.object($0) }
    }

    private static func event(_ row: ObjectLog.Row, _ previous: StoredObject?) throws(StoreError) -> StoreEvent {
        let object: StoredObject
        do {
            object = try StoredObject.loaded(row.reference, revision: row.revision, bytes: row.value)
        } catch {
            throw StoreError(
                .corrupt,
                "the stored \(row.reference.resource) \(row.reference.key) (revision \(row.revision)) cannot be read "
                    + "(\(error)): the file is damaged; restore it from a backup")
        }
        let kind: StoreEvent.Kind = row.isDeletion ? .deleted : previous == nil ? .added : .modified
        return StoreEvent(kind: kind, object: object, previous: previous)
    }

    // MARK: Reading

    var revision: Int { state.withLock { $0.revision } }

    func object(_ reference: ObjectReference) -> StoredObject? { state.withLock { $0.object(reference) } }

    /// The objects of a resource in order, and the revision of which this is true.
    func objects(_ resource: ResourceID, in namespace: String?) -> (objects: [StoredObject], revision: Int) {
        state.withLock { ($0.objects(resource, in: namespace), $0.revision) }
    }

    /// The same for those whose indexed field has a value; `nil` where the field has no index.
    func objects(
        _ resource: ResourceID, in namespace: String?, where field: String, is value: String
    ) -> (objects: [StoredObject], revision: Int)? {
        state.withLock { state in
            state.objects(resource, in: namespace, where: field, is: value).map { ($0, state.revision) }
        }
    }

    /// The objects of a resource as they were at an earlier revision; `nil` where that is longer ago than lists may take,
    /// or history does not reach back so far.
    func objects(_ resource: ResourceID, in namespace: String?, at revision: Int) -> [StoredObject]? {
        let (objects, now) = objects(resource, in: namespace)
        guard revision < now else { return objects }
        guard revision >= window.withLock({ $0.oldest }) else { return nil }
        guard let changes = feed.changes(of: resource, after: revision) else { return nil }
        var byKey: [ObjectKey: StoredObject] = [:]
        for object in objects { byKey[object.key] = object }
        for change in changes.reversed()
        where change.revision <= now && (namespace == nil || change.object.key.namespace == namespace) {
            byKey[change.object.key] = change.previous
        }
        return byKey.values.sorted { $0.key < $1.key }
    }

    /// The objects that name an owner's uid.
    func objects(ownedBy uid: String) -> [StoredObject] { state.withLock { $0.objects(ownedBy: uid) } }

    /// How many objects there are of each resource.
    var counts: [ResourceID: Int] { state.withLock { $0.counts } }

    /// The index of a resource's field; `nil` where it has none.
    func index(_ field: String, of resource: ResourceID) -> StoreIndex? {
        state.withLock { $0.index(field, of: resource) }
    }

    /// Follows changes.
    ///
    /// - Returns: `false` where the changes after the subscription's revision are not kept any more.
    func follow(_ subscription: StoreSubscription) -> Bool { feed.follow(subscription) }

    /// Lets followers time out, gives the bookmarks that are due, and lets old versions go; to be called about once a
    /// second.
    func tick(_ now: ContinuousClock.Instant) {
        feed.tick(now)
        let revision = revision
        window.withLock { $0.tick(now, revision: revision) }
    }

    /// Ends all watches of a resource.
    func endFollowers(of resource: ResourceID) { feed.end(resource) }

    /// Ends all watches, now and later.
    func endFollowers() { feed.close() }

    // MARK: Writing

    /// Makes one change durable, or says why not.
    func write(_ request: StoreRequest) async -> StoreOutcome {
        await withCheckedContinuation { continuation in
            let (isRefused, mustStart) = queue.withLock { queue -> (Bool, Bool) in
                if queue.isClosed { return (true, false) }
                queue.waiting.append((request, continuation))
                defer { queue.isDraining = true }
                return (false, !queue.isDraining)
            }
            if isRefused { continuation.resume(returning: .failed(Self.closed)) }
            if mustStart { thread.async { self.drain() } }
        }
    }

    private static let closed = StoreError(.closed, "the cluster is stopping: try again when it is back")

    private func drain() {
        while true {
            let batch = queue.withLock { queue in
                let batch = queue.waiting
                queue.waiting = []
                if batch.isEmpty { queue.isDraining = false }
                return batch
            }
            guard !batch.isEmpty else { return }
            guard let writer = box.writer else {
                for (_, continuation) in batch { continuation.resume(returning: .failed(Self.closed)) }
                continue
            }
            let result = writer.run(batch.map(\.0))
            if !result.events.isEmpty {
                state.withLock { state in for event in result.events { state.apply(event) } }
                onCommit(result.events)
                feed.publish(result.events, revision: result.revision)
            }
            for ((_, continuation), outcome) in zip(batch, result.outcomes) { continuation.resume(returning: outcome) }
            writer.compactIfUseful(upTo: feed.forgotten)
            // Writers who came together come again together: a moment later one commit serves more of them, at a fraction of
            // the work for each. Whoever writes alone never waits.
            if batch.count > 1 { usleep(Self.gatheringMicroseconds) }
        }
    }

    /// About as long as a commit takes on a good disk, and a tenth of what one takes on a bad one.
    private static let gatheringMicroseconds: UInt32 = 300

    var isClosed: Bool { queue.withLock { $0.isClosed } }

    /// Finishes the writes that wait, refuses later ones, ends all followers, and lets the folder go. Idempotent.
    func close() {
        queue.withLock { $0.isClosed = true }
        thread.sync { box.writer = nil }
        feed.close()
        lock.withLock { $0 = nil }
    }
}
