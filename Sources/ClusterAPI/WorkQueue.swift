import Synchronization

/// Keys to work on, each at most once at a time and at most once in the queue.
///
/// A key added while it is worked on is handed out again when that work is done: no change is missed and none is worked on
/// twice at once.
public final class WorkQueue<Key: Hashable & Sendable>: Sendable {
    private struct State {
        var ready: [Key] = []
        var readyHead = 0
        var queued: Set<Key> = []
        var active: Set<Key> = []
        var failures: [Key: Int] = [:]
        /// When each delayed key is due; the earliest wins.
        var delayed: [Key: ContinuousClock.Instant] = [:]
        var waiters: [Int: CheckedContinuation<Key?, Never>] = [:]
        var nextWaiter = 0
        var isShutDown = false
    }

    private let state = Mutex(State())
    private let backOff: BackOff

    public init(backOff: BackOff = BackOff()) { self.backOff = backOff }

    /// Keys waiting to be handed out now.
    public var count: Int { state.withLock { $0.ready.count - $0.readyHead } }

    /// Adds a key to look at now. One that waits already waits once; one at work is handed out again afterwards.
    public func add(_ key: Key) {
        let resume = state.withLock { state -> (CheckedContinuation<Key?, Never>, Key)? in
            guard !state.isShutDown, state.queued.insert(key).inserted else { return nil }
            state.delayed[key] = nil
            guard !state.active.contains(key) else { return nil }
            state.ready.append(key)
            return Self.handOut(&state)
        }
        if let (waiter, key) = resume { waiter.resume(returning: key) }
    }

    /// Adds the key after a delay, unless it is added sooner.
    public func add(_ key: Key, after delay: Duration) {
        guard delay > .zero else { return add(key) }
        let due = ContinuousClock.now + delay
        let isSooner = state.withLock { state -> Bool in
            guard !state.isShutDown, !state.queued.contains(key) else { return false }
            if let other = state.delayed[key], other <= due { return false }
            state.delayed[key] = due
            return true
        }
        guard isSooner else { return }
        Task { [weak self] in
            try? await Task.sleep(until: due, clock: .continuous)
            guard let self, self.state.withLock({ $0.delayed[key] == due }) else { return }
            self.add(key)
        }
    }

    /// Adds the key after the back-off that its failures have earned.
    public func addAfterFailure(_ key: Key) {
        let failures = state.withLock { state -> Int in
            state.failures[key, default: 0] += 1
            return state.failures[key] ?? 1
        }
        add(key, after: backOff.delay(afterFailures: failures))
    }

    /// Clears the key's failures.
    public func forget(_ key: Key) { state.withLock { _ = $0.failures.removeValue(forKey: key) } }

    /// The next key; `done` must follow. `nil` once the queue is shut down or the task is cancelled.
    public func next() async -> Key? {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Key?, Never>) in
                let resume = state.withLock { state -> (CheckedContinuation<Key?, Never>, Key?)? in
                    if state.isShutDown || Task.isCancelled { return (continuation, nil) }
                    state.waiters[id] = continuation
                    return Self.handOut(&state).map { ($0.0, $0.1) }
                }
                if let (waiter, key) = resume { waiter.resume(returning: key) }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.resume(returning: nil)
        }
    }

    /// The work on `key` has ended.
    public func done(_ key: Key) {
        let resume = state.withLock { state -> (CheckedContinuation<Key?, Never>, Key)? in
            state.active.remove(key)
            guard state.queued.contains(key) else { return nil }
            state.ready.append(key)
            return Self.handOut(&state)
        }
        if let (waiter, key) = resume { waiter.resume(returning: key) }
    }

    /// Hands out no more keys; those who wait get `nil`.
    public func shutDown() {
        let waiters = state.withLock { state -> [CheckedContinuation<Key?, Never>] in
            state.isShutDown = true
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.resume(returning: nil) }
    }

    private static func handOut(_ state: inout State) -> (CheckedContinuation<Key?, Never>, Key)? {
        guard state.readyHead < state.ready.count, let id = state.waiters.keys.min(),
            let waiter = state.waiters.removeValue(forKey: id)
        else { return nil }
        let key = state.ready[state.readyHead]
        state.readyHead += 1
        if state.readyHead > 64, state.readyHead * 2 > state.ready.count {
            state.ready.removeFirst(state.readyHead)
            state.readyHead = 0
        }
        state.queued.remove(key)
        state.active.insert(key)
        return (waiter, key)
    }
}
