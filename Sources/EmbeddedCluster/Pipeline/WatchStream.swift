import JSONTree
import KubernetesModel

/// The changes of a collection as one watcher sees them: through its selectors, so that an object that starts to match is
/// added and one that ceases to match is deleted.
///
/// For one task at a time.
final class WatchStream: Sendable {
    enum Change: Sendable {
        case added(StoredObject)
        case modified(StoredObject)
        case deleted(StoredObject)
        /// Nothing of interest happened up to a revision; `isInitialEnd` marks the end of the initial events.
        case bookmark(revision: Int, isInitialEnd: Bool)
    }

    private let subscription: StoreSubscription
    private let query: ListQuery
    /// What was there when the watch began; handed out first.
    let initial: [Change]
    private let present: @Sendable (StoredObject) -> StoredObject

    init(
        _ subscription: StoreSubscription, query: ListQuery, initial: [Change],
        present: @escaping @Sendable (StoredObject) -> StoredObject
    ) {
        self.subscription = subscription
        self.query = query
        self.initial = initial
        self.present = present
    }

    deinit { subscription.end() }

    /// What came since the last call, maybe nothing; `nil` at the end of the watch.
    func next() async -> [Change]? {
        guard let signals = await subscription.next() else { return nil }
        return signals.compactMap { signal in
            switch signal {
            case .event(let event): change(event)
            case .bookmark(let revision): .bookmark(revision: revision, isInitialEnd: false)
            }
        }
    }

    func end() { subscription.end() }

    private func change(_ event: StoreEvent) -> Change? {
        let matched = event.previous.map(query.matches) ?? false
        switch event.kind {
        case .deleted: return matched ? .deleted(present(event.object)) : nil
        case .added, .modified:
            let matches = query.matches(event.object)
            if matches { return matched ? .modified(present(event.object)) : .added(present(event.object)) }
            guard matched, let previous = event.previous else { return nil }
            // As the cacher does: the last version that matched, with the version of the change.
            let gone = PreparedObject(previous.object, managed: previous.managedFields).stored(
                previous.reference, revision: event.revision)
            return .deleted(present(gone))
        }
    }
}
