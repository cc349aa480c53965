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
        var byOwner: [Owner: [ObjectKey: PodFacts]] = [:]
        var byNamespace: [String: [ObjectKey: PodFacts]] = [:]
        var byNode: [String: [ObjectKey: PodFacts]] = [:]
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
            let old = state.pods[key]
            state.pods[key] = facts
            Self.replace(old, by: facts, key, in: &state.byOwner, Self.owner)
            Self.replace(old, by: facts, key, in: &state.byNamespace) { $0.namespace }
            Self.replace(old, by: facts, key, in: &state.byNode) { $0.node.isEmpty ? nil : $0.node }
        }
    }

    private static func owner(of pod: PodFacts) -> Owner? {
        pod.controllerUID.map { .controller(uid: $0) } ?? .nobody(namespace: pod.namespace)
    }

    private static func replace<Entry: Hashable>(
        _ old: PodFacts?, by new: PodFacts?, _ key: ObjectKey, in index: inout [Entry: [ObjectKey: PodFacts]],
        _ entry: (PodFacts) -> Entry?
    ) {
        let after = new.flatMap(entry)
        if let before = old.flatMap(entry), before != after {
            index[before]?[key] = nil
            if index[before]?.isEmpty == true { index[before] = nil }
        }
        if let after { index[after, default: [:]][key] = new }
    }

    subscript(key: ObjectKey) -> PodFacts? { state.withLock { $0.pods[key] } }

    func pods(controlledBy uid: String) -> [PodFacts] {
        state.withLock { Self.all($0.byOwner[.controller(uid: uid)]) }
    }

    /// How many there are of them; costs nothing.
    func count(controlledBy uid: String) -> Int {
        state.withLock { $0.byOwner[.controller(uid: uid)]?.count ?? 0 }
    }

    /// The pods of a namespace that nobody manages.
    func orphans(in namespace: String) -> [PodFacts] {
        state.withLock { Self.all($0.byOwner[.nobody(namespace: namespace)]) }
    }

    func pods(in namespace: String) -> [PodFacts] {
        state.withLock { Self.all($0.byNamespace[namespace]) }
    }

    func pods(onNode node: String) -> [PodFacts] {
        state.withLock { Self.all($0.byNode[node]) }
    }

    private static func all(_ pods: [ObjectKey: PodFacts]?) -> [PodFacts] { pods.map { Array($0.values) } ?? [] }

    /// All nodes that pods are bound to, whether the nodes exist or not.
    var nodesInUse: [String] { state.withLock { Array($0.byNode.keys) } }
}
