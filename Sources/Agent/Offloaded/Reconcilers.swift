import ClusterAPI
import JSONTree
import KubernetesModel
import Logging
import OffloadingModel
import Wire

/// The agent's reconcilers, their queues, and what makes them look.
struct Reconcilers: Sendable {
    let context: AgentContext
    let endings: PeeringEnding
    private let joins: Joins
    let namespaces = WorkQueue<String>()
    let pods = WorkQueue<HubItem>()
    /// What pods use besides themselves.
    let objects = WorkQueue<HubItem>()
    private let foreignClusters: WorkQueue<String>
    private let ownCertificateNotAfter: @Sendable () -> Int

    init(_ context: AgentContext, joins: Joins, ownCertificateNotAfter: @escaping @Sendable () -> Int) {
        self.context = context
        self.ownCertificateNotAfter = ownCertificateNotAfter
        foreignClusters = WorkQueue()
        self.joins = joins
        endings = PeeringEnding(context: context, joins: joins, queue: WorkQueue(), statuses: foreignClusters)
        watch()
    }

    /// Has changes of the cluster make the reconcilers look.
    private func watch() {
        context.namespaces.onChange { [context, namespaces, pods, objects, endings] change in
            let name = change.object.name
            namespaces.add(name)
            for hub in context.hubs.all {
                for key in hub.desiredPods(in: name) { pods.add(HubItem(hub: hub.clusterID, key: key)) }
                for key in hub.desiredObjects(in: name) { objects.add(HubItem(hub: hub.clusterID, key: key)) }
            }
            if change.new == nil, let origin = OriginOf.namespace(change.object) { endings.queue.add(origin.hub) }
        }
        context.pods.onChange { [pods] change in
            for object in [change.old, change.new] {
                guard let origin = object.flatMap(OriginOf.pod) else { continue }
                pods.add(HubItem(hub: origin.hub, key: origin.key))
            }
        }
        context.reflected.onChange { [objects] in objects.add($0) }
        context.foreignClusters.onChange { [foreignClusters] change in
            foreignClusters.add(ForeignCluster(change.object).clusterID)
        }
    }

    /// Works until the task is cancelled.
    func run() async {
        let logger = context.logger
        let namespaces = Controller("namespaces", queue: namespaces, logger: logger) { [context] in
            try await NamespaceReconciler(context: context).reconcile($0)
        }
        let pods = Controller("pods", queue: pods, workers: context.configuration.podWorkers, logger: logger) {
            [context] in try await PodReconciler(context: context).reconcile($0)
        }
        let objects = Controller("objects", queue: objects, workers: 4, logger: logger) { [context] in
            try await ObjectReconciler(context: context).reconcile($0)
        }
        let statuses = foreignClusterReconciler
        let foreignClusters = Controller("foreignclusters", queue: foreignClusters, workers: 1, logger: logger) {
            try await statuses.reconcile($0)
        }
        let endings = Controller("endings", queue: endings.queue, workers: 1, logger: logger) { [endings] in
            try await endings.reconcile($0)
        }
        await withDiscardingTaskGroup { group in
            group.addTask { await namespaces.run() }
            group.addTask { await pods.run() }
            group.addTask { await objects.run() }
            group.addTask { await foreignClusters.run() }
            group.addTask { await endings.run() }
        }
    }

    var foreignClusterReconciler: ForeignClusterReconciler {
        ForeignClusterReconciler(
            context: context, joins: joins, ownCertificateNotAfter: ownCertificateNotAfter, endings: endings)
    }

    // MARK: - What to look at

    /// The ids of hubs whose ForeignCluster is to be looked at.
    var statuses: WorkQueue<String> { foreignClusters }

    /// What is known of the hub itself has changed.
    func statusChanged(_ hub: HubPeering) { foreignClusters.add(hub.clusterID) }

    /// Takes over what a hub wants.
    @discardableResult
    func take(_ changes: DesiredMessage, from hub: HubPeering) -> Bool {
        switch hub.apply(changes) {
        case .tooMuch: return false
        case .keys(let keys): for key in keys { look(hub, key) }
        case .everything:
            context.logger.info(
                "all that a hub wants is known",
                metadata: [LogKey.hubID: "\(hub.clusterID)", LogKey.count: "\(hub.desiredItems.count)"])
            lookAtAll(of: hub)
        }
        return true
    }

    /// What the hub wants under a key has changed.
    func look(_ hub: HubPeering, _ key: ItemKey) {
        switch key.kind {
        case ItemKey.podKind:
            pods.add(HubItem(hub: hub.clusterID, key: key))
        case ItemKey.namespaceKind:
            if let wanted = hub.desired(key)?.content.namespace { namespaces.add(wanted.remoteName) }
            if let told = hub.observed(key)?.namespace { namespaces.add(told.remoteName) }
            for object in context.namespaces(of: hub.clusterID) where OriginOf.namespace(object)?.key == key {
                namespaces.add(object.name)
            }
        case let kind where ReflectedKind(rawValue: kind) != nil:
            objects.add(HubItem(hub: hub.clusterID, key: key))
        default:
            guard hub.desired(key) != nil else { return hub.retract(key) }
            // A kind of a later version: the hub sees that nothing comes of it.
            hub.report(
                key,
                .object(
                    ObservedObject(
                        reason: ObservedObject.notSupported, message: "this agent does not know the kind; upgrade it")))
        }
    }

    /// The pods that the hub wants or has in a namespace of this edge.
    func lookAtPods(of hub: HubPeering, in namespace: String) {
        var keys = Set(hub.desiredPods(in: namespace))
        keys.formUnion(
            context.pods(of: hub.clusterID).filter { $0.namespace == namespace }.compactMap { OriginOf.pod($0)?.key })
        for key in keys.sorted() { look(hub, key) }
    }

    /// Everything that the hub wants, was told of, or has here.
    func lookAtAll(of hub: HubPeering) {
        var keys = Set(hub.desiredItems.map(\.key)).union(hub.observedKeys)
        keys.formUnion(context.pods(of: hub.clusterID).compactMap { OriginOf.pod($0)?.key })
        keys.formUnion(context.namespaces(of: hub.clusterID).compactMap { OriginOf.namespace($0)?.key })
        keys.formUnion(context.reflected.keys(of: hub.clusterID))
        for key in keys.sorted() { look(hub, key) }
    }

    /// Reports what the hub has here and was not told of yet, so that the whole of it can be published.
    func observeAll(of hub: HubPeering) {
        let namespaces = NamespaceReconciler(context: context)
        for object in context.namespaces(of: hub.clusterID) {
            guard let key = OriginOf.namespace(object)?.key, hub.observed(key) == nil else { continue }
            hub.report(key, namespaces.observation(object))
        }
        for object in context.pods(of: hub.clusterID) {
            guard let key = OriginOf.pod(object)?.key, hub.observed(key) == nil else { continue }
            hub.report(key, .pod(LocalPod.observation(object)))
        }
    }
}
