import Synchronization

/// The bytes of one port-forward session that came from its client and that their connections have not taken yet.
///
/// SPDY, as clients speak it here, lets a server hold back all of a session's connections or none. So their bytes wait
/// together, up to a limit above which the session's reader waits too; a connection that takes nothing all that time is
/// told to the reader, who ends it so that the others go on.
final class ForwardedBytes: Sendable {
    private struct Waiting {
        var count = 0
        /// When bytes were last taken, or began to wait.
        var movedAt: ContinuousClock.Instant
    }

    private let limit: Int
    private let patience: Duration
    private let waiting = Mutex<[UInt32: Waiting]>([:])
    private let changes: AsyncStream<Void>
    private let change: AsyncStream<Void>.Continuation

    /// - Parameters:
    ///   - limit: bytes that may wait before the reader does.
    ///   - patience: how long a connection may take nothing while the reader waits.
    init(limit: Int = 8 << 20, patience: Duration = .seconds(20)) {
        self.limit = limit
        self.patience = patience
        (changes, change) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    var isFull: Bool { waiting.withLock { $0.values.reduce(0) { $0 + $1.count } } > limit }

    /// A connection begins.
    func open(_ id: UInt32) { waiting.withLock { $0[id] = Waiting(movedAt: .now) } }

    func came(_ id: UInt32, _ count: Int) {
        waiting.withLock { waiting in
            if waiting[id]?.count == 0 { waiting[id]?.movedAt = .now }
            waiting[id]?.count += count
        }
    }

    func taken(_ id: UInt32, _ count: Int) {
        waiting.withLock { waiting in
            waiting[id]?.count -= count
            waiting[id]?.movedAt = .now
        }
        change.yield()
    }

    /// The connection is over; what waited for it is dropped.
    func close(_ id: UInt32) {
        waiting.withLock { $0[id] = nil }
        change.yield()
    }

    /// Returns when there is room again. One task at a time.
    ///
    /// - Parameter end: called for each connection that has lost the reader's patience, where there are others.
    func waitForRoom(ending end: @escaping @Sendable (UInt32) -> Void) async {
        guard isFull else { return }
        await withDiscardingTaskGroup { group in
            group.addTask { [patience] in
                while (try? await Task.sleep(for: patience / 4)) != nil { for id in self.stalled() { end(id) } }
            }
            var iterator = changes.makeAsyncIterator()
            while isFull, await iterator.next() != nil {}
            group.cancelAll()
        }
    }

    private func stalled() -> [UInt32] {
        waiting.withLock { waiting in
            guard waiting.count > 1 else { return [] }
            let now = ContinuousClock.now
            return waiting.filter { $1.count > 0 && now - $1.movedAt >= patience }.map(\.key)
        }
    }
}
