import ClusterAPI
import KubernetesModel
import Synchronization

/// The facts of all pods, found by who manages them, by namespace and by node.
///
/// Made once and updated by the informer's changes, so that a controller's look at its pods costs no parsing.
final class PodRegister: Sendable {
    private struct State {
        var pods: [ObjectKey: PodFacts] = [:]
        /// By the managing owner's uid, or by namespace for pods that nobody manages.
        var byOwner: [Owner: Set<ObjectKey>] = [:]
        var byNamespace: [String: Set<ObjectKey>] = [:]
        var byNode: [String: Set<ObjectKey>] = [:]
    }

    private enum Owner: Hashable {
        case controller(uid: String)
        case nobody(namespace: String)
    }

    let informer: Informer
    private let state = Mutex(State())

    /// The register's handler is the informer's first: later handlers find the register current.
    init(_ informer: Informer) {
        self.informer = informer
        informer.onChange { [weak self] change in self?.apply(change) }
    }

    private func apply(_ change: InformerChange) {
        let facts = change.new.map(PodFacts.init)
        let key = change.key
        state.withLock { state in
            if let old = state.pods.removeValue(forKey: key) {
                Self.remove(key, from: &state.byOwner, Self.owner(of: old))
                Self.remove(key, from: &state.byNamespace, key.namespace)
                Self.remove(key, from: &state.byNode, old.node)
            }
            guard let facts else { return }
            state.pods[key] = facts
            state.byOwner[Self.owner(of: facts), default: []].insert(key)
            state.byNamespace[key.namespace, default: []].insert(key)
            if !facts.node.isEmpty { state.byNode[facts.node, default: []].insert(key) }
        }
    }

    private static func owner(of pod: PodFacts) -> Owner {
        pod.controllerUID.map { .controller(uid: $0) } ?? .nobody(namespace: pod.object.namespace)
    }

    private static func remove<Entry: Hashable>(
        _ key: ObjectKey, from index: inout [Entry: Set<ObjectKey>], _ entry: Entry
    ) {
        index[entry]?.remove(key)
        if index[entry]?.isEmpty == true { index[entry] = nil }
    }

    subscript(key: ObjectKey) -> PodFacts? { state.withLock { $0.pods[key] } }

    func pods(controlledBy uid: String) -> [PodFacts] {
        state.withLock { state in
            (state.byOwner[.controller(uid: uid)] ?? []).compactMap { state.pods[$0] }
        }
    }

    /// How many there are of them; costs nothing.
    func count(controlledBy uid: String) -> Int {
        state.withLock { $0.byOwner[.controller(uid: uid)]?.count ?? 0 }
    }

    /// The pods of a namespace that nobody manages.
    func orphans(in namespace: String) -> [PodFacts] {
        state.withLock { state in
            (state.byOwner[.nobody(namespace: namespace)] ?? []).compactMap { state.pods[$0] }
        }
    }

    func pods(in namespace: String) -> [PodFacts] {
        state.withLock { state in (state.byNamespace[namespace] ?? []).compactMap { state.pods[$0] } }
    }

    func pods(onNode node: String) -> [PodFacts] {
        state.withLock { state in (state.byNode[node] ?? []).compactMap { state.pods[$0] } }
    }

    /// All nodes that pods are bound to, whether the nodes exist or not.
    var nodesInUse: [String] { state.withLock { Array($0.byNode.keys) } }
}
