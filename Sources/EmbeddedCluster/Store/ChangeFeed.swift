import Synchronization

/// The recent history of changes, and who follows it.
///
/// Its lock orders history and followers: a new follower gets what is kept after its revision and everything later, each once.
final class ChangeFeed: Sendable {
    private struct State {
        var events: [StoreEvent] = []
        /// Events before this place are gone; they are cut off in bulk.
        var start = 0
        var bytes = 0
        /// Changes up to here are not kept.
        var forgotten = 0
        var revision = 0
        /// What changed up to here was known at the last tick.
        var ticked = 0
        /// The versions that only history keeps have no trees any more up to here.
        var treeless = 0
        var followers: [ResourceID: [ObjectIdentifier: Follower]] = [:]
        var isClosed = false

        /// The kept events after a revision: a binary search, because they are in order.
        func events(after revision: Int) -> ArraySlice<StoreEvent> {
            var low = start
            var high = events.count
            while low < high {
                let middle = (low + high) / 2
                if events[middle].revision <= revision { low = middle + 1 } else { high = middle }
            }
            return events[low...]
        }
    }

    private struct Follower {
        weak var subscription: StoreSubscription?
    }

    private let state = Mutex(State())
    private let maxEvents: Int
    private let maxBytes: Int

    /// - Parameters:
    ///   - maxEvents: how many changes are kept for watches that resume.
    ///   - maxBytes: how many bytes of object text they may hold in all.
    init(maxEvents: Int, maxBytes: Int) {
        self.maxEvents = maxEvents
        self.maxBytes = maxBytes
    }

    /// Starts from what the file holds: history after `forgotten`.
    func restore(_ events: [StoreEvent], forgotten: Int, revision: Int) {
        state.withLock { state in
            state.forgotten = forgotten
            state.revision = revision
        }
        publish(events, revision: revision)
    }

    /// Hands changes to the followers and keeps them.
    func publish(_ events: [StoreEvent], revision: Int) {
        state.withLock { state in
            state.revision = max(state.revision, revision)
            state.events.append(contentsOf: events)
            for event in events { state.bytes += event.object.text.count }
            while state.events.count - state.start > maxEvents || state.bytes > maxBytes,
                state.start < state.events.count
            {
                state.forgotten = state.events[state.start].revision
                state.bytes -= state.events[state.start].object.text.count
                state.start += 1
            }
            if state.start > 1024, state.start > state.events.count / 2 {
                state.events.removeFirst(state.start)
                state.start = 0
            }
            var resources: Set<ResourceID> = []
            for event in events { resources.insert(event.object.resource) }
            for resource in resources {
                guard let followers = state.followers[resource] else { continue }
                for (id, follower) in followers {
                    if let subscription = follower.subscription, !subscription.isEnded {
                        // Within the lock, so that two batches never overtake each other.
                        subscription.offer(events.lazy.filter { $0.object.resource == resource })
                    } else {
                        state.followers[resource]?[id] = nil
                    }
                }
            }
        }
    }

    /// Adds a follower.
    ///
    /// - Returns: `false` where the changes after its revision are not kept any more.
    func follow(_ subscription: StoreSubscription) -> Bool {
        state.withLock { state in
            guard subscription.after >= state.forgotten else { return false }
            if state.isClosed { subscription.end() }
            let missed = state.events(after: subscription.after)
            subscription.offer(missed.lazy.filter { $0.object.resource == subscription.resource })
            state.followers[subscription.resource, default: [:]][ObjectIdentifier(subscription)] =
                Follower(subscription: subscription)
            return true
        }
    }

    /// The changes of a resource after a revision, newest last; `nil` where they are not kept any more.
    func changes(of resource: ResourceID, after revision: Int) -> [StoreEvent]? {
        state.withLock { state in
            guard revision >= state.forgotten else { return nil }
            return state.events(after: revision).filter { $0.object.resource == resource }
        }
    }

    /// Lets followers time out, gives the bookmarks that are due, and takes the trees from versions that only history keeps:
    /// until then they serve the followers, who compare each version with the one before it.
    func tick(_ now: ContinuousClock.Instant) {
        state.withLock { state in
            for event in state.events(after: state.treeless) where event.revision <= state.ticked {
                event.previous?.forgetTree()
                if event.kind == .deleted { event.object.forgetTree() }
            }
            state.treeless = max(state.treeless, state.ticked)
            state.ticked = state.revision
            for (resource, followers) in state.followers {
                for (id, follower) in followers {
                    if let subscription = follower.subscription, !subscription.isEnded {
                        subscription.tick(now, revision: state.revision)
                    } else {
                        state.followers[resource]?[id] = nil
                    }
                }
            }
        }
    }

    /// Ends all followers of a resource that is served no more.
    func end(_ resource: ResourceID) {
        let followers = state.withLock { $0.followers.removeValue(forKey: resource) ?? [:] }
        for follower in followers.values { follower.subscription?.end() }
    }

    func close() {
        let all = state.withLock { state in
            state.isClosed = true
            return state.followers.values.flatMap(\.values)
        }
        for follower in all { follower.subscription?.end() }
    }

    /// History up to and including this revision is gone.
    var forgotten: Int { state.withLock { $0.forgotten } }
}
