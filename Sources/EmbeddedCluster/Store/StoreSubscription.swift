import KubernetesModel
import Synchronization

/// The durable changes of one resource from a revision on, for one reader.
///
/// The writer never waits for a reader: what one has not taken is queued, and one that lets more than `limit` changes,
/// or more than `maxBytes` of them, pile up is cut off, to start again with a list.
final class StoreSubscription: Sendable {
    enum Signal: Sendable {
        case event(StoreEvent)
        /// Nothing of interest up to this revision.
        case bookmark(Int)
    }

    private struct State {
        var signals: [Signal] = []
        /// Bytes of the objects in `signals`.
        var bytes = 0
        var waiter: CheckedContinuation<[Signal]?, Never>?
        var isEnded = false
    }

    let resource: ResourceID
    let namespace: String?
    let name: String?
    /// An indexed field that the objects must have a value in, before or after a change; `nil` for any.
    let field: (index: StoreIndex, value: String)?
    /// Changes up to here are known to the reader already.
    let after: Int
    /// Seconds between bookmarks; `nil` for none.
    let bookmarkInterval: Duration?
    private let limit: Int
    private let maxBytes: Int
    private let deadline: ContinuousClock.Instant?
    private let nextBookmark: Mutex<ContinuousClock.Instant>
    private let state = Mutex(State())

    init(
        resource: ResourceID, namespace: String?, name: String?, field: (index: StoreIndex, value: String)? = nil,
        after: Int, bookmarkInterval: Duration?, deadline: ContinuousClock.Instant?, limit: Int = 20_000,
        maxBytes: Int = 16 << 20
    ) {
        self.resource = resource
        self.namespace = namespace
        self.name = name
        self.field = field
        self.after = after
        self.bookmarkInterval = bookmarkInterval
        self.deadline = deadline
        self.limit = limit
        self.maxBytes = maxBytes
        self.nextBookmark = Mutex(ContinuousClock.now + (bookmarkInterval ?? .zero))
    }

    /// What came since the last call, at least one signal; `nil` at the end: timeout, overflow, or the store closed.
    ///
    /// Only one task may wait at a time; a cancelled task gets `nil`.
    func next() async -> [Signal]? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ready: [Signal]?? = state.withLock { state in
                    if !state.signals.isEmpty {
                        defer {
                            state.signals = []
                            state.bytes = 0
                        }
                        return state.signals
                    }
                    if state.isEnded || Task.isCancelled { return .some(nil) }
                    state.waiter = continuation
                    return nil
                }
                if let ready { continuation.resume(returning: ready) }
            }
        } onCancel: {
            end()
        }
    }

    func end() {
        let waiter = state.withLock { state in
            state.isEnded = true
            return state.waiter.take()
        }
        waiter?.resume(returning: nil)
    }

    var isEnded: Bool { state.withLock { $0.isEnded } }

    private func concerns(_ event: StoreEvent) -> Bool {
        event.revision > after
            && (namespace == nil || event.object.key.namespace == namespace)
            && (name == nil || event.object.key.name == name)
            && (field == nil || isFound(event.object) || event.previous.map(isFound) ?? false)
    }

    /// Looked up by the writer for each reader of an index: a hundred nodes that wait for their own pods are not woken for
    /// each other's.
    private func isFound(_ object: StoredObject) -> Bool {
        guard let field else { return true }
        return field.index.value(object.object) == field.value
    }

    /// Queues the changes that concern this reader.
    func offer(_ events: some Sequence<StoreEvent>) {
        let wanted = events.filter(concerns).map(Signal.event)
        if !wanted.isEmpty { put(wanted) }
    }

    /// Ends the subscription at its deadline, and queues a bookmark when one is due.
    func tick(_ now: ContinuousClock.Instant, revision: Int) {
        let isOver = deadline.map { now >= $0 } ?? false
        if let bookmarkInterval {
            let isDue = nextBookmark.withLock { next in
                guard now >= next || isOver else { return false }
                next = now + bookmarkInterval
                return true
            }
            if isDue, revision >= after { put([.bookmark(revision)]) }
        }
        if isOver { end() }
    }

    private func put(_ signals: [Signal]) {
        let (waiter, ready) = state.withLock { state -> (CheckedContinuation<[Signal]?, Never>?, [Signal]) in
            guard !state.isEnded else { return (nil, []) }
            state.signals.append(contentsOf: signals)
            if let waiter = state.waiter.take() {
                defer { state.signals = [] }
                return (waiter, state.signals)
            }
            for case .event(let event) in signals { state.bytes += event.object.text.count }
            if state.signals.count > limit || state.bytes > maxBytes {
                state.isEnded = true
                state.signals = []
                state.bytes = 0
            }
            return (nil, [])
        }
        waiter?.resume(returning: ready)
    }
}
