import ClusterAPI
import ClusterBootstrap
import JSONTree
import KubernetesModel
import Logging
import OffloadingModel
import Synchronization
import Wire

/// Has what pods use go where the pods are: knows which pod on which edge uses what, follows just that at the origin, and
/// sets it in the desired state.
///
/// An object is wanted at an edge while a pod there uses it, and is followed while any pod does. Small and local: a lock
/// around values. The desired state is set under it, so that what is set last is what is known last.
final class ReferenceKeeper: Sendable {
    /// What is known of an object at the origin.
    enum Finding: Sendable, Hashable {
        case unknown
        case absent
        /// What the edges get of it.
        case present(JSON)
        /// It stays behind, and why.
        case kept(String)
        /// It may not be read, and why. What edges have of it stays.
        case unreadable(String)
    }

    private struct Use: Hashable {
        let edge: String
        let remoteNamespace: String
        let keys: [ItemKey]
    }

    private struct Entry {
        let number: Int
        var remoteNamespace: String
        var finding: Finding
        /// How many pods use it, by edge.
        var edges: [String: Int] = [:]
        var pods: Set<ObjectKey> = []
        var watch: Task<Void, Never>?

        mutating func add(_ pod: ObjectKey, on edge: String) {
            pods.insert(pod)
            edges[edge, default: 0] += 1
        }

        /// - Parameter stays: whether the pod uses it elsewhere from now on.
        mutating func remove(_ pod: ObjectKey, from edge: String, stays: Bool) {
            if !stays { pods.remove(pod) }
            let left = (edges[edge] ?? 0) - 1
            edges[edge] = left > 0 ? left : nil
        }
    }

    private struct State {
        var uses: [ObjectKey: Use] = [:]
        var entries: [ItemKey: Entry] = [:]
        /// What was told of a pod last, with its uid.
        var told: [ObjectKey: String] = [:]
        var count = 0
        var handler: (@Sendable (Set<ObjectKey>) -> Void)?
    }

    private let cluster: any ClusterAPI
    private let desired: DesiredState
    private let access: NamespaceAccess
    private let logger: Logger
    private let state = Mutex(State())

    init(cluster: any ClusterAPI, desired: DesiredState, access: NamespaceAccess, logger: Logger) {
        self.cluster = cluster
        self.desired = desired
        self.access = access
        self.logger = logger
    }

    deinit { for entry in state.withLock({ $0.entries.values }) { entry.watch?.cancel() } }

    /// Who is told of the pods for which something has become known.
    func onChange(_ handler: @escaping @Sendable (Set<ObjectKey>) -> Void) { state.withLock { $0.handler = handler } }

    // MARK: - Which pods use what

    /// A pod is on an edge: what it uses is wanted there.
    func use(_ pod: ObjectKey, _ references: PodReferences, on edge: String, in remoteNamespace: String) {
        let keys = references.all.map { $0.key(in: pod.namespace) }
        let use = keys.isEmpty ? nil : Use(edge: edge, remoteNamespace: remoteNamespace, keys: keys)
        state.withLock { change(pod, to: use, &$0) }
    }

    /// A pod needs nothing any more: it is gone, has finished, or is on no edge.
    func release(_ pod: ObjectKey) {
        state.withLock { state in
            change(pod, to: nil, &state)
            state.told[pod] = nil
        }
    }

    /// The pods that use an object.
    func pods(using key: ItemKey) -> Set<ObjectKey> { state.withLock { $0.entries[key]?.pods ?? [] } }

    private func change(_ pod: ObjectKey, to new: Use?, _ state: inout State) {
        let old = state.uses[pod]
        guard old != new else { return }
        state.uses[pod] = new
        var changed: [ItemKey] = []
        if let new {
            for key in new.keys {
                if state.entries[key] == nil { begin(key, new.remoteNamespace, &state) }
                state.entries[key]?.add(pod, on: new.edge)
                state.entries[key]?.remoteNamespace = new.remoteNamespace
                changed.append(key)
            }
        }
        if let old {
            for key in old.keys {
                state.entries[key]?.remove(pod, from: old.edge, stays: new?.keys.contains(key) == true)
                changed.append(key)
            }
        }
        for key in changed { publish(key, &state) }
    }

    private func begin(_ key: ItemKey, _ remoteNamespace: String, _ state: inout State) {
        guard let kind = ReflectedKind(rawValue: key.kind) else { return }
        state.count += 1
        let number = state.count
        var entry = Entry(number: number, remoteNamespace: remoteNamespace, finding: .unknown)
        if kind == .serviceAccount {
            // Only its name goes: there is nothing to read.
            entry.finding = .present(kind.fields(of: [:]))
        } else {
            let watch = ReferenceWatch(
                type: kind.type, key: ObjectKey(namespace: key.namespace, name: key.name), cluster: cluster,
                access: access, logger: logger
            ) { [weak self] sight in self?.see(sight, key, kind, number) }
            entry.watch = Task { await watch.run() }
        }
        state.entries[key] = entry
    }

    // MARK: - What is known of it

    private func see(_ sight: ReferenceWatch.Sight, _ key: ItemKey, _ kind: ReflectedKind, _ number: Int) {
        let finding: Finding
        switch sight {
        case .absent: finding = .absent
        case .refused(let why): finding = .unreadable(why)
        case .there(let object):
            // It is on its way out when pods are: they end with it, not without it.
            let objection = kind.objection(to: object.json, name: key.name)
            finding = objection.map(Finding.kept) ?? .present(kind.fields(of: object.json))
        }
        let told = state.withLock { state -> (Set<ObjectKey>, (@Sendable (Set<ObjectKey>) -> Void)?) in
            guard state.entries[key]?.number == number, state.entries[key]?.finding != finding else { return ([], nil) }
            state.entries[key]?.finding = finding
            publish(key, &state)
            return (state.entries[key]?.pods ?? [], state.handler)
        }
        if !told.0.isEmpty { told.1?(told.0) }
    }

    /// Whether enough is known of all that a pod uses to send the pod after it.
    func isKnown(_ pod: ObjectKey) -> Bool {
        state.withLock { state in
            state.uses[pod]?.keys.allSatisfy { state.entries[$0]?.finding != .unknown } ?? true
        }
    }

    /// What is known of an object; unknown where no pod on an edge uses it.
    func finding(_ key: ItemKey) -> Finding { state.withLock { $0.entries[key]?.finding ?? .unknown } }

    /// Whether a message is another one than the last that was told of a pod.
    func isNews(_ message: String?, of pod: KubernetesObject) -> Bool {
        state.withLock { state in
            let text = message.map { "\(pod.uid) \($0)" }
            defer { state.told[pod.key] = text }
            return text != nil && state.told[pod.key] != text
        }
    }

    /// Sets an object in the desired state of the edges whose pods use it.
    private func publish(_ key: ItemKey, _ state: inout State) {
        guard let entry = state.entries[key], !entry.pods.isEmpty else {
            state.entries[key]?.watch?.cancel()
            state.entries[key] = nil
            return desired.set(key, [:])
        }
        let fields: JSON?
        switch entry.finding {
        case .absent, .kept: return desired.set(key, [:])
        case .present(let value): fields = value
        case .unreadable: fields = nil
        case .unknown:
            // What an edge has from an earlier run of the hub must not read as unwanted.
            guard !desired.isPrepared else { return }
            fields = nil
        }
        desired.set(
            key, .object(DesiredObject(remoteNamespace: entry.remoteNamespace, fields: fields)), on: entry.edges.keys)
    }
}

extension PodReferences.Object {
    /// The object's name in the desired and the observed set.
    func key(in namespace: String) -> ItemKey { ItemKey(kind: kind.rawValue, namespace: namespace, name: name) }
}
