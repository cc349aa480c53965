import Digests
import Synchronization
import Wire

/// What each edge shall have: the hub's own set, from which the links send what differs.
///
/// Written by the reconcilers of namespaces and pods. Nothing is sent before `isPrepared`: a set that is not whole yet would
/// read as a wish to delete.
final class DesiredState: Sendable {
    private struct State {
        var sets: [String: [ItemKey: DesiredItem]] = [:]
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
    func contains(_ key: ItemKey) -> Bool { state.withLock { $0.sets.values.contains { $0[key] != nil } } }

    /// Sets what `edge` shall have under `key`, and that no other edge shall.
    ///
    /// - Parameter edges: where the item shall be, with its content; all others lose it.
    func set(_ key: ItemKey, _ edges: [String: DesiredContent]) {
        put(key, edges.mapValues { Self.item(key, $0) })
    }

    /// Sets that all of `edges` shall have the same under `key`, and that no other edge shall have anything.
    func set(_ key: ItemKey, _ content: DesiredContent, on edges: some Sequence<String>) {
        let item = Self.item(key, content)
        put(key, Dictionary(edges.map { ($0, item) }) { first, _ in first })
    }

    private static func item(_ key: ItemKey, _ content: DesiredContent) -> DesiredItem {
        DesiredItem(key: key, hash: Hex.encode(SHA256.hash(content.canonicalBytes)), content: content)
    }

    private func put(_ key: ItemKey, _ items: [String: DesiredItem]) {
        var changed: [String] = []
        let handler = state.withLock { state -> (@Sendable (String, ItemKey) -> Void)? in
            for name in state.sets.keys where items[name] == nil {
                if state.sets[name]?.removeValue(forKey: key) != nil { changed.append(name) }
            }
            for (name, item) in items where state.sets[name]?[key]?.hash != item.hash {
                state.sets[name, default: [:]][key] = item
                changed.append(name)
            }
            return state.isPrepared ? state.handler : nil
        }
        for name in changed { handler?(name, key) }
    }

    /// Forgets an edge altogether.
    func remove(edge: String) { state.withLock { _ = $0.sets.removeValue(forKey: edge) } }
}
