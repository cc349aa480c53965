// Public, so that what is made for each kind of key can use it.
public import Synchronization

/// Keys to work on, each at most once at a time and at most once in the queue.
///
/// A key added while it is worked on is handed out again when that work is done: no change is missed and none is worked on
/// twice at once.
///
/// All controllers hand all changes through queues: they are inlinable so that each module has them made for its own keys.
public final class WorkQueue<Key: Hashable & Sendable>: Sendable {
    /// Where a key is; one that is nowhere has no entry.
    @usableFromInline
    struct Standing: Sendable {
        /// Waits for its turn, or for the end of the work on it.
        @usableFromInline var isQueued: Bool
        /// Is worked on.
        @usableFromInline var isActive: Bool

        @inlinable
        init(isQueued: Bool = false, isActive: Bool = false) {
            self.isQueued = isQueued
            self.isActive = isActive
        }
    }

    @usableFromInline
    struct Waiter: Sendable {
        @usableFromInline let id: Int
        @usableFromInline let continuation: CheckedContinuation<Key?, Never>

        @inlinable
        init(id: Int, continuation: CheckedContinuation<Key?, Never>) {
            self.id = id
            self.continuation = continuation
        }
    }

    @usableFromInline
    struct State: Sendable {
        @usableFromInline var ready: [Key] = []
        @usableFromInline var readyHead = 0
        @usableFromInline var standings: [Key: Standing] = [:]
        @usableFromInline var failures: [Key: Int] = [:]
        /// When each delayed key is due; the earliest wins.
        @usableFromInline var delayed: [Key: ContinuousClock.Instant] = [:]
        /// When they are looked at next; `nil` while there are none.
        @usableFromInline var alarm: ContinuousClock.Instant?
        /// A few, the longest waiting first.
        @usableFromInline var waiters: [Waiter] = []
        @usableFromInline var nextWaiter = 0
        @usableFromInline var isShutDown = false

        @inlinable
        init() {}
    }

    @usableFromInline let state = Mutex(State())
    @usableFromInline let backOff: BackOff

    public init(backOff: BackOff = BackOff()) { self.backOff = backOff }

    /// Keys waiting to be handed out now.
    public var count: Int { state.withLock { $0.ready.count - $0.readyHead } }

    /// Adds a key to look at now. One that waits already waits once; one at work is handed out again afterwards.
    @inlinable
    public func add(_ key: Key) {
        let resume = state.withLock { state -> (Waiter, Key)? in
            guard !state.isShutDown else { return nil }
            guard let mustWait = Self.queue(&state.standings[key, default: Standing()]) else { return nil }
            if !state.delayed.isEmpty { state.delayed[key] = nil }
            if mustWait { return nil }
            state.ready.append(key)
            return Self.handOut(&state)
        }
        if let (waiter, key) = resume { waiter.continuation.resume(returning: key) }
    }

    /// - Returns: whether the key waits for the end of the work on it; `nil` where it was queued before.
    @inlinable
    static func queue(_ standing: inout Standing) -> Bool? {
        if standing.isQueued { return nil }
        standing.isQueued = true
        return standing.isActive
    }

    /// Adds the key after a delay, unless it is added sooner.
    @inlinable
    public func add(_ key: Key, after delay: Duration) {
        guard delay > .zero else { return add(key) }
        let due = ContinuousClock.now + delay
        let isNext = state.withLock { state -> Bool in
            guard !state.isShutDown, state.standings[key]?.isQueued != true else { return false }
            if let other = state.delayed[key], other <= due { return false }
            state.delayed[key] = due
            if let alarm = state.alarm, alarm <= due { return false }
            state.alarm = due
            return true
        }
        if isNext { wake(at: due) }
    }

    /// Of a thousand keys that are due one after the other, those of so long are taken together: a timer for each would cost
    /// more than the most of them are looked at for.
    private static var gathering: Duration { .milliseconds(20) }

    /// Adds what is due at the alarm, and sets the next one, for as long as keys are delayed.
    @usableFromInline
    func wake(at alarm: ContinuousClock.Instant) {
        Task { [weak self] in
            var alarm = alarm
            while true {
                try? await Task.sleep(until: alarm, clock: .continuous)
                guard let next = self?.addDue(at: alarm) else { return }
                alarm = next
            }
        }
    }

    /// - Returns: the next alarm; `nil` where there is none, or an earlier one was set meanwhile, which sees to the rest.
    private func addDue(at alarm: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        let (due, next) = state.withLock { state -> ([Key], ContinuousClock.Instant?) in
            guard state.alarm == alarm else { return ([], nil) }
            let now = ContinuousClock.now
            var due: [(key: Key, at: ContinuousClock.Instant)] = []
            var first: ContinuousClock.Instant?
            for (key, at) in state.delayed {
                if at <= now { due.append((key, at)) } else { first = min(first ?? at, at) }
            }
            state.alarm = first.map { max($0, now + Self.gathering) }
            return (due.sorted { $0.at < $1.at }.map(\.key), state.alarm)
        }
        for key in due { add(key) }
        return next
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
    @inlinable
    public func forget(_ key: Key) {
        state.withLock { state in
            if !state.failures.isEmpty { state.failures[key] = nil }
        }
    }

    /// The next key; `done` must follow. `nil` once the queue is shut down or the task is cancelled.
    @inlinable
    public func next() async -> Key? {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Key?, Never>) in
                let resume = state.withLock { state -> (Waiter, Key?)? in
                    let waiter = Waiter(id: id, continuation: continuation)
                    if state.isShutDown || Task.isCancelled { return (waiter, nil) }
                    state.waiters.append(waiter)
                    return Self.handOut(&state).map { ($0.0, $0.1) }
                }
                if let (waiter, key) = resume { waiter.continuation.resume(returning: key) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.waiters.firstIndex { $0.id == id }.map { state.waiters.remove(at: $0) }
            }
            waiter?.continuation.resume(returning: nil)
        }
    }

    /// The work on `key` has ended.
    @inlinable
    public func done(_ key: Key) {
        let resume = state.withLock { state -> (Waiter, Key)? in
            guard state.standings[key]?.isQueued == true else {
                state.standings[key] = nil
                return nil
            }
            state.standings[key]?.isActive = false
            state.ready.append(key)
            return Self.handOut(&state)
        }
        if let (waiter, key) = resume { waiter.continuation.resume(returning: key) }
    }

    /// Hands out no more keys; those who wait get `nil`.
    public func shutDown() {
        let waiters = state.withLock { state -> [Waiter] in
            state.isShutDown = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.continuation.resume(returning: nil) }
    }

    @inlinable
    static func handOut(_ state: inout State) -> (Waiter, Key)? {
        guard state.readyHead < state.ready.count, !state.waiters.isEmpty else { return nil }
        let waiter = state.waiters.removeFirst()
        let key = state.ready[state.readyHead]
        state.readyHead += 1
        if state.readyHead > 64, state.readyHead * 2 > state.ready.count {
            state.ready.removeFirst(state.readyHead)
            state.readyHead = 0
        }
        state.standings[key] = Standing(isQueued: false, isActive: true)
        return (waiter, key)
    }
}
