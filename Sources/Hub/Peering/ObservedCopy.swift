import Sessions
import Synchronization
import Wire

/// The hub's copy of what one edge runs, across connections.
///
/// There is one, whoever looks at it: a value would be copied whole with each change, as somebody always looks.
final class ObservedCopy: Sendable {
    private struct State {
        var replica = ReplicaSet<ObservedItem>()
        /// Whether the copy has equalled the edge's set on this connection.
        var isInStep = false
    }

    private let state = Mutex(State())

    /// What taking changes over has come to.
    struct Progress: Sendable, Hashable {
        /// Whether the copy has been whole in this epoch.
        let isComplete: Bool
        /// Whether the copy equals the edge's set for the first time on this connection.
        let hasCaughtUp: Bool
    }

    /// What the edge says of an item; `nil` where it says nothing.
    subscript(key: ItemKey) -> ObservedItem? { state.withLock { $0.replica.items[key] } }

    /// Whether the edge says nothing of anything.
    var isEmpty: Bool { state.withLock { $0.replica.items.isEmpty } }

    /// Whether the copy has been whole in this epoch: before, an item that is missing may exist.
    var isComplete: Bool { state.withLock { $0.replica.isComplete } }

    /// How the remote namespaces stand, by their names on the edge. Looks at every item.
    var namespaces: [String: RemoteNamespaceState] {
        state.withLock { state in
            var namespaces: [String: RemoteNamespaceState] = [:]
            for (key, item) in state.replica.items.items where key.kind == ItemKey.namespaceKind {
                guard let namespace = item.content.namespace else { continue }
                namespaces[namespace.remoteName] = RemoteNamespaceState(
                    phase: RemoteNamespaceState.Phase(rawValue: namespace.state.rawValue) ?? .failed,
                    message: namespace.message)
            }
            return namespaces
        }
    }

    /// A connection begins.
    ///
    /// - Returns: the digest to send.
    func begin(epoch: Int) -> [ItemKey: String] {
        state.withLock { state in
            state.replica.begin(epoch: epoch)
            state.isInStep = false
            return state.replica.digest
        }
    }

    /// Takes changes over.
    ///
    /// - Returns: `nil` where there is no room for them, and nothing was taken over.
    @discardableResult
    func apply(_ changes: SetChanges<ObservedItem>) -> Progress? {
        state.withLock { state in
            guard state.replica.apply(changes) else { return nil }
            let hasCaughtUp = changes.isComplete && !state.isInStep
            if hasCaughtUp { state.isInStep = true }
            return Progress(isComplete: state.replica.isComplete, hasCaughtUp: hasCaughtUp)
        }
    }
}
