import Sessions
import Synchronization
import Wire

/// The hub's copy of what one edge runs, across connections.
final class ObservedCopy: Sendable {
    private let replica = Mutex(ReplicaSet<ObservedItem>())

    /// A connection begins.
    ///
    /// - Returns: the digest to send.
    func begin(epoch: Int) -> [ItemKey: String] {
        replica.withLock { replica in
            replica.begin(epoch: epoch)
            return replica.digest
        }
    }

    /// Takes changes over.
    ///
    /// - Returns: the whole copy, and whether it has been complete in this epoch.
    func apply(_ changes: SetChanges<ObservedItem>) -> (items: [ItemKey: ObservedItem], isComplete: Bool) {
        replica.withLock { replica in
            replica.apply(changes)
            return (replica.items.items, replica.isComplete)
        }
    }
}
