import ClusterAPI
import JSONTree
import KubernetesModel
import Logging
import Synchronization

/// Deletes objects whose owners are all gone, and carries out foreground and orphaning deletions.
///
/// Follows every type that is served, custom ones too, apart from events, which own nothing and are owned by nothing.
final class GarbageCollector: BuiltInController {
    /// How often the served types are asked for when nothing hints that they changed.
    private static let typesRefresh = Duration.seconds(30)
    /// After a hint, how long to let a definition and what serves it come to rest.
    private static let typesGathering = Duration.milliseconds(50)

    private struct State {
        var graph = GarbageGraph()
        var absent = AbsentOwners()
        var types: [ResourceType] = []
    }

    private let context: ControllerContext
    private let queue = WorkQueue<String>()
    private let typesQueue = WorkQueue<Int>()
    private let state = Mutex(State())

    init(_ context: ControllerContext) {
        self.context = context
        context.informers.informer(.customResourceDefinitions).onChange { [typesQueue] _ in
            typesQueue.add(0, after: Self.typesGathering)
        }
    }

    /// Follows the types that are served now; to be called before the informers run, so that no change is missed.
    func prepare() async { await refreshTypes() }

    func run() async {
        for type in state.withLock({ $0.types }) {
            guard (try? await context.informers.informer(type).waitForSync()) != nil else { return }
        }
        let collector = Controller("garbage", queue: queue, workers: 16, logger: context.logger) {
            [weak self] uid in try await self?.reconcile(uid) ?? .none
        }
        let types = Controller("garbage-types", queue: typesQueue, workers: 1, logger: context.logger) {
            [weak self] _ in
            await self?.refreshTypes()
            return .after(Self.typesRefresh)
        }
        typesQueue.add(0, after: Self.typesRefresh)
        await withDiscardingTaskGroup { group in
            group.addTask { await collector.run() }
            group.addTask { await types.run() }
        }
    }

    private func refreshTypes() async {
        let served = await context.servedTypes.resourceTypes().filter { $0.plural != "events" }
        let change = state.withLock { state in
            let change = (
                added: served.filter { !state.types.contains($0) }, gone: state.types.filter { !served.contains($0) }
            )
            state.types = served
            return change
        }
        for type in change.added {
            let follow: (Informer) -> Void = { informer in
                informer.onChange { [weak self] change in self?.apply(change, type) }
            }
            // A shared informer exists already, but does not run before the first types are known.
            if context.informers.contains(type) {
                follow(context.informers.informer(type))
            } else {
                context.informers.informer(type, prepare: follow)
            }
        }
        for type in change.gone {
            context.informers.drop(type)
            for uid in state.withLock({ $0.graph.drop(type) }) { queue.add(uid) }
        }
    }

    private func apply(_ change: InformerChange, _ type: ResourceType) {
        let affected = state.withLock { state in
            if let old = change.old, change.new?.uid != old.uid { state.absent.insert(uid: old.uid) }
            return state.graph.apply(change, type)
        }
        for uid in affected { queue.add(uid) }
    }

    // MARK: - One object

    private func reconcile(_ uid: String) async throws -> Requeue {
        var present: Set<String> = []
        while true {
            let decision = state.withLock { state in
                state.graph.decide(uid, absent: state.absent, present: present)
            }
            switch decision {
            case .nothing: return .none
            case .verify(let owners):
                guard let node = state.withLock({ $0.graph[uid] }) else { return .none }
                for owner in owners {
                    guard let exists = try await exists(owner, for: node) else { return .after(Self.typesRefresh) }
                    if exists {
                        present.insert(owner.uid)
                    } else {
                        state.withLock { $0.absent.insert(owner, namespace: node.key.namespace) }
                    }
                }
            case .release(let node, let owners):
                try await change(node) { object in
                    object.ownerReferences = object.ownerReferences.filter { !owners.contains($0.uid) }
                }
                return .none
            case .delete(let node, let propagation):
                try await delete(node, propagation)
                return .none
            case .orphan(let node, let dependents):
                for dependent in dependents {
                    try await change(dependent) { object in
                        object.ownerReferences = object.ownerReferences.filter { $0.uid != node.uid }
                    }
                }
                try await change(node) { $0.finalizers.removeAll { $0 == GarbageGraph.orphan } }
                return .none
            case .finishForeground(let node):
                try await change(node) { $0.finalizers.removeAll { $0 == GarbageGraph.foreground } }
                return .none
            case .lookAt(let dependents):
                for dependent in dependents { queue.add(dependent) }
                return .none
            }
        }
    }

    /// Whether the cluster has the owner; `nil` where its kind is not served, so that nobody can tell.
    private func exists(_ owner: OwnerReference, for node: GarbageGraph.Node) async throws -> Bool? {
        let group = owner.apiVersion.split(separator: "/").dropLast().first.map(String.init) ?? ""
        let types = state.withLock { $0.types }
        guard let type = types.first(where: { $0.group == group && $0.kind == owner.kind }) else { return nil }
        // A namespaced owner of a cluster-scoped object cannot be named at all.
        if type.isNamespaced, !node.type.isNamespaced { return false }
        let live = try await context.cluster.find(
            type, namespace: type.isNamespaced ? node.key.namespace : nil, name: owner.name)
        return live?.uid == owner.uid
    }

    private func delete(_ node: GarbageGraph.Node, _ propagation: DeleteOptions.Propagation) async throws {
        context.logger.debug(
            "deleting an object whose owners are gone", metadata: ["resource": "\(node.type)", "name": "\(node.key)"])
        do {
            try await context.cluster.deleteIfPresent(
                node.type, namespace: node.type.isNamespaced ? node.key.namespace : nil, name: node.key.name,
                DeleteOptions(propagation: propagation, uid: node.uid, resourceVersion: node.resourceVersion))
        } catch let error as APIError where error.isConflict {
            // It changed since it was seen, perhaps its owners: look at it as it is now.
            let live = try await context.cluster.find(
                node.type, namespace: node.type.isNamespaced ? node.key.namespace : nil, name: node.key.name)
            guard let live, live.uid == node.uid else { return }
            guard live.ownerReferences == node.owners else { throw error }
            try await context.cluster.deleteIfPresent(
                node.type, namespace: node.type.isNamespaced ? node.key.namespace : nil, name: node.key.name,
                DeleteOptions(propagation: propagation, uid: node.uid, resourceVersion: live.resourceVersion))
        }
    }

    /// Edits the object as it is now; one that is gone, or is another one by now, needs no edit.
    private func change(_ node: GarbageGraph.Node, _ edit: (inout KubernetesObject) -> Void) async throws {
        let namespace = node.type.isNamespaced ? node.key.namespace : nil
        guard var object = try await context.cluster.find(node.type, namespace: namespace, name: node.key.name),
            object.uid == node.uid
        else { return }
        let before = object
        edit(&object)
        guard object != before else { return }
        do {
            _ = try await context.cluster.update(node.type, object)
        } catch let error as APIError where error.isNotFound {
            return
        }
    }
}
