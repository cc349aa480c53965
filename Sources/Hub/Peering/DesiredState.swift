import PeerTransport
import Synchronization
import Wire

/// What each edge shall have: the hub's own set, from which the links send what differs.
///
/// Written by the reconcilers of namespaces and pods. Nothing is sent before `isPrepared`: a set that is not whole yet would
/// read as a wish to delete.
final class DesiredState: Sendable {
    private struct State {
        var sets: [String: [ItemKey: DesiredItem]] = [:]
        /// The edges that shall have an item: one for a pod, so that nobody looks through all edges for it.
        var places: [ItemKey: [String]] = [:]
        var isPrepared = false
        var handler: (@Sendable (String, ItemKey) -> Void)?
    }

    private let state = Mutex(State())

    /// Who is told which item of which edge changed, once the state is prepared.
    func onChange(_ handler: @escaping @Sendable (String, ItemKey) -> Void) {
        state.withLock { $0.handler = handler }
    }

    var isPrepared: Bool { state.withLock { $0.isPrepared } }

    func markPrepared() { state.withLock { $0.isPrepared = true } }

    func items(_ edge: String) -> [ItemKey: DesiredItem] { state.withLock { $0.sets[edge] ?? [:] } }

    subscript(edge: String, key: ItemKey) -> DesiredItem? { state.withLock { $0.sets[edge]?[key] } }

    /// Whether any edge shall have the item.
    func contains(_ key: ItemKey) -> Bool { state.withLock { $0.places[key] != nil } }

    /// Sets what `edge` shall have under `key`, and that no other edge shall.
    ///
    /// One caller at a time for a key.
    ///
    /// - Parameter edges: where the item shall be, with its content; all others lose it.
    func set(_ key: ItemKey, _ edges: [String: DesiredContent]) {
        // A reconciler says the same again and again: only what differs is worth a hash.
        let known = known(key, on: edges.keys)
        put(
            key,
            Dictionary(
                uniqueKeysWithValues: edges.map { name, content in
                    let item = known[name].flatMap { $0.content == content ? $0 : nil }
                    return (name, item ?? DesiredItem(key: key, content: content))
                }))
    }

    /// Sets that all of `edges` shall have the same under `key`, and that no other edge shall have anything.
    ///
    /// One caller at a time for a key.
    func set(_ key: ItemKey, _ content: DesiredContent, on edges: some Sequence<String>) {
        let names = Array(edges)
        let same = known(key, on: names).values.first { $0.content == content }
        let item = same ?? DesiredItem(key: key, content: content)
        put(key, Dictionary(names.map { ($0, item) }) { first, _ in first })
    }

    private func known(_ key: ItemKey, on edges: some Sequence<String>) -> [String: DesiredItem] {
        state.withLock { state in
            var items: [String: DesiredItem] = [:]
            for name in edges { items[name] = state.sets[name]?[key] }
            return items
        }
    }

    private func put(_ key: ItemKey, _ items: [String: DesiredItem]) {
        let (changed, handler) = state.withLock { state in
            var changed: [String] = []
            for name in state.places[key] ?? [] where items[name] == nil {
                if state.sets[name]?.removeValue(forKey: key) != nil { changed.append(name) }
            }
            for (name, item) in items where state.sets[name]?[key]?.hash != item.hash {
                state.sets[name, default: [:]][key] = item
                changed.append(name)
            }
            if !changed.isEmpty { state.places[key] = items.isEmpty ? nil : Array(items.keys) }
            return (changed, state.isPrepared ? state.handler : nil)
        }
        for name in changed.sorted() { handler?(name, key) }
    }

    /// Forgets an edge altogether.
    func remove(edge: String) {
        state.withLock { state in
            for key in (state.sets.removeValue(forKey: edge) ?? [:]).keys {
                state.places[key]?.removeAll { $0 == edge }
                if state.places[key]?.isEmpty == true { state.places[key] = nil }
            }
        }
    }
}
