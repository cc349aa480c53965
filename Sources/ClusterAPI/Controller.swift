import KubernetesModel
public import Logging

/// What a reconciler wants next for a key that it has dealt with.
public enum Requeue: Sendable, Hashable {
    /// Nothing until something changes.
    case none
    /// Look again after this long, whatever happens.
    case after(Duration)

    /// The sooner of two wishes.
    public func orSooner(_ other: Requeue) -> Requeue {
        switch (self, other) {
        case (.none, let only), (let only, .none): only
        case (.after(let first), .after(let second)): .after(min(first, second))
        }
    }
}

/// Calls a reconciler for every key of a queue, with back-off after failures.
///
/// A reconciler is level-triggered and idempotent: it looks at what is, compares it with what should be, and does the difference.
/// Inlinable as its queue is, and for the same reason.
public struct Controller<Key: Hashable & Sendable>: Sendable {
    public let name: String
    public let queue: WorkQueue<Key>
    @usableFromInline let workers: Int
    private let logger: Logger
    /// Looks at one key once.
    @usableFromInline let reconcile: @Sendable (Key) async throws -> Requeue

    /// - Parameter workers: keys worked on at once, each key by one at a time.
    public init(
        _ name: String, queue: WorkQueue<Key> = WorkQueue(), workers: Int = 2, logger: Logger,
        reconcile: @escaping @Sendable (Key) async throws -> Requeue
    ) {
        self.name = name
        self.queue = queue
        self.workers = workers
        self.logger = logger
        self.reconcile = reconcile
    }

    /// Works until the task is cancelled or the queue is shut down.
    @inlinable
    public func run() async {
        await withDiscardingTaskGroup { group in
            for _ in 0..<workers { group.addTask { await work() } }
        }
    }

    @inlinable
    func work() async {
        while let key = await queue.next() {
            do {
                let requeue = try await reconcile(key)
                queue.forget(key)
                queue.done(key)
                if case .after(let delay) = requeue { queue.add(key, after: delay) }
            } catch {
                failed(key, error)
            }
        }
    }

    @usableFromInline
    func failed(_ key: Key, _ error: any Error) {
        queue.done(key)
        guard !(error is CancellationError) else { return }
        // A conflict means that somebody else was faster: routine, and settled by the next look.
        let level: Logger.Level = (error as? APIError)?.isConflict == true ? .debug : .warning
        logger.log(
            level: level, "reconciling failed, trying again",
            metadata: ["controller": "\(name)", "key": "\(key)", "error": "\(error)"])
        queue.addAfterFailure(key)
    }
}
