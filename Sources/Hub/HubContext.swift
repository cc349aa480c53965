import ClusterAPI
import ClusterBootstrap
import JSONTree
import KubernetesModel
import Logging
import OffloadingModel
import Synchronization

/// What all of the hub's reconcilers share: the cluster, the local copies of it, and what is known of the edges.
struct HubContext: Sendable {
    let configuration: HubConfiguration
    let cluster: any ClusterAPI
    let foreignClusters: Informer
    let offloadings: Informer
    let namespaces: Informer
    let nodes: Informer
    let pods: Informer
    let services: Informer
    let edges: EdgeDirectory
    let desired: DesiredState
    let references: ReferenceKeeper
    let access: NamespaceAccess
    private let plans = OffloadingPlans()
    let rejections = EdgeRejections()
    let moves = MoveTargets()
    let endings = EndingTimes()
    let replacements = Replacements()
    let violations = ScopeViolations()
    let passing = PassingStatuses()
    let written = WrittenStatuses()
    let nodePace = NodeStatusPace()
    /// Whether the storm guard is up, as `Hub.watchSilence` saw last.
    private let storm = Flag()
    let events: EventRecorder
    let logger: Logger
    /// Seconds since 1970, for timestamps that people read; never for deciding who is alive.
    let now: @Sendable () -> Int
    /// The hub's own monotonic clock: for deciding who is alive.
    let instant: @Sendable () -> ContinuousClock.Instant

    private final class Flag: Sendable {
        let value = Atomic(false)
    }

    /// Whether so many edges are silent that none of their pods is replaced; see `StormGuard`.
    var isStorm: Bool {
        get { storm.value.load(ordering: .relaxed) }
        nonmutating set { storm.value.store(newValue, ordering: .relaxed) }
    }

    /// The index, and its one entry, of pods that are being moved.
    static let byMove = "move"
    /// The index of ForeignClusters by the virtual nodes that stand for them.
    static let byVirtualNode = "virtual-node"
    /// The index of ForeignClusters by their clusters' ids.
    static let byClusterID = "cluster-id"
    /// The index of pods by the node they are bound to.
    static let byNode = "node"
    /// The index of Services by their namespace.
    static let byNamespace = "namespace"

    init(
        configuration: HubConfiguration, cluster: any ClusterAPI, events: EventRecorder, logger: Logger,
        now: @escaping @Sendable () -> Int, instant: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.configuration = configuration
        self.cluster = cluster
        self.events = events
        self.logger = logger
        self.now = now
        self.instant = instant
        foreignClusters = Informer(cluster, .foreignClusters, logger: logger)
        foreignClusters.addIndex(Self.byVirtualNode) { [ForeignCluster($0).virtualNode] }
        foreignClusters.addIndex(Self.byClusterID) { [ForeignCluster($0).clusterID] }
        offloadings = Informer(cluster, .namespaceOffloadings, logger: logger)
        namespaces = Informer(cluster, .namespaces, logger: logger)
        nodes = Informer(cluster, .nodes, labelSelector: "\(Names.typeLabel)=\(Names.virtualNodeType)", logger: logger)
        pods = Informer(cluster, .pods, logger: logger)
        pods.addIndex(Self.byNode) { $0.spec["nodeName"]?.string.map { [$0] } ?? [] }
        pods.addIndex(Self.byMove) { $0.annotation(Names.rebalancingAnnotation) == nil ? [] : [Self.byMove] }
        services = Informer(cluster, .services, logger: logger)
        services.addIndex(Self.byNamespace) { [$0.namespace] }
        edges = EdgeDirectory()
        desired = DesiredState()
        access = NamespaceAccess(cluster, .hub)
        references = ReferenceKeeper(cluster: cluster, desired: desired, access: access, logger: logger)
    }

    var informers: [Informer] { [foreignClusters, offloadings, namespaces, nodes, pods, services] }

    /// How a namespace is offloaded; `nil` where it is not.
    func offloading(_ namespace: String) -> NamespaceOffloading? {
        offloadings.get(namespace: namespace, name: Names.offloading).map(NamespaceOffloading.init)
    }

    /// Where a namespace belongs; `nil` where it is not offloaded.
    ///
    /// Asked for each pod, so the same plan serves until anything changes that it follows from.
    func plan(_ namespace: String) -> OffloadingPlan? {
        // Read first: a plan that is made while an edge changes is not taken for one that knows of it.
        let version = edges.version
        guard let offloading = offloading(namespace), !offloading.object.isBeingDeleted,
            let object = namespaces.get(name: namespace), !object.isBeingDeleted
        else {
            plans.forget(namespace)
            return nil
        }
        let basis = OffloadingPlans.Basis(
            edges: version, offloading: offloading.object.uid + "/" + offloading.object.resourceVersion,
            namespace: object.uid + "/" + object.resourceVersion)
        return plans.plan(of: namespace, basis) { plan(offloading) }
    }

    func plan(_ offloading: NamespaceOffloading) -> OffloadingPlan {
        OffloadingPlan(
            offloading, edges: edges.all.map { view(of: $0, for: offloading) }, originName: configuration.clusterName,
            originHash: configuration.clusterID.filter(\.isHexDigit).lowercased(),
            isRemote: namespaces.get(name: offloading.namespace).map(RemotePod.isRemote) ?? false)
    }

    /// The edge as the offloading sees it. Until an edge is heard after a restart of the hub, what the status said of it holds.
    private func view(of edge: Edge, for offloading: NamespaceOffloading) -> EdgeView {
        var view = edge.view
        guard !edge.isObservedComplete,
            let said = Conditions.find(
                "Ready", in: offloading.object.status["remoteNamespacesConditions"]?[view.statusKey]),
            let name = offloading.object.status["remoteNamespaceName"]?.string
        else { return view }
        let reason = said["reason"]?.string
        view.namespaces[name] = RemoteNamespaceState(
            phase: reason == "NamespaceCreated" ? .ready : reason == "CreationLoopBackOff" ? .conflict : .creating,
            message: said["message"]?.string ?? "")
        return view
    }

    /// The pods bound to an edge's virtual node.
    func pods(boundTo node: String) -> [KubernetesObject] { pods.objects(index: Self.byNode, node) }
}
