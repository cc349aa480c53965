import ClusterAPI
import Enrolment
import KubernetesModel
import Logging
import OffloadingModel
import Wire

/// What all parts of the agent share: the cluster, the local copies of it, and what is known of the hubs.
struct AgentContext: Sendable {
    let configuration: AgentConfiguration
    let cluster: any ClusterAPI
    /// All namespaces: those of others too, which must not be touched.
    let namespaces: Informer
    /// The pods that run for hubs.
    let pods: Informer
    /// All other pods: what they take is not free.
    let otherPods: Informer
    let nodes: Informer
    let foreignClusters: Informer
    /// What hubs' pods use in hubs' namespaces.
    let reflected: ReflectedObjects
    let hubs: HubDirectory
    let shares = ShareLedger()
    let book: PeeringBook
    /// Those that hubs peer by.
    let tokens: TokenDesk
    let events: EventRecorder
    let logger: Logger
    /// Seconds since 1970: for certificates, tokens and timestamps; never for deciding who is alive.
    let now: @Sendable () -> Int

    /// The index of pods by hub and key.
    static let byOrigin = "origin"
    /// The index of pods by hub.
    static let byHub = "hub"

    init(
        configuration: AgentConfiguration, cluster: any ClusterAPI, peerings: any PeeringStore, logger: Logger,
        now: @escaping @Sendable () -> Int
    ) {
        self.configuration = configuration
        self.cluster = cluster
        let hubs = HubDirectory()
        self.hubs = hubs
        book = PeeringBook(peerings, now: now, changed: { hubs.follow($0) })
        tokens = TokenDesk(cluster: cluster, role: .agent, logger: logger, now: now)
        self.logger = logger
        self.now = now
        let label = Names.originClusterIDLabel
        namespaces = Informer(cluster, .namespaces, logger: logger)
        pods = Informer(cluster, .pods, labelSelector: label, logger: logger)
        otherPods = Informer(cluster, .pods, labelSelector: "!\(label)", logger: logger)
        nodes = Informer(cluster, .nodes, logger: logger)
        foreignClusters = Informer(cluster, .foreignClusters, logger: logger)
        reflected = ReflectedObjects(cluster, logger: logger)
        events = EventRecorder(cluster, component: "causeway-agent", now: now, logger: logger)
        pods.onChange { [shares] change in shares.note(change) }
        namespaces.onChange { [reflected] change in reflected.note(change) }
        pods.addIndex(Self.byOrigin) { pod in
            guard let origin = OriginOf.pod(pod) else { return [] }
            return ["\(origin.hub)|\(origin.key.text)"]
        }
        pods.addIndex(Self.byHub) { OriginOf.pod($0).map { [$0.hub] } ?? [] }
    }

    /// Whether a hub with a good token may peer with this edge.
    ///
    /// - Throws: `EnrolmentRefusal`, and what the cluster throws.
    func admit(_ request: EnrollMessage) async throws {
        guard let object = try await cluster.find(.foreignClusters, name: request.clusterName) else { return }
        let foreign = ForeignCluster(object)
        if foreign.isEdge, foreign.clusterID != request.clusterID {
            throw EnrolmentRefusal(
                "\(configuration.clusterName) is peered with another cluster of the name \(request.clusterName) "
                    + "(\(foreign.clusterID)); unpeer that one first, or rename yours")
        }
        if foreign.incomingEnabled == .no {
            // The object may stand for an edge of this cluster as well.
            let remedy =
                foreign.isEdge
                ? "patch foreignclusters \(request.clusterName) --type merge --patch "
                    + "'{\"spec\":{\"incomingPeeringEnabled\":\"Auto\"}}'"
                : "delete foreignclusters \(request.clusterName)"
            throw EnrolmentRefusal(
                "\(configuration.clusterName) has turned its incoming peering with \(request.clusterName) off; at that edge "
                    + "run 'kubectl \(remedy)' to allow it again", .notPeered)
        }
        if !foreign.hubURL.isEmpty {
            throw EnrolmentRefusal(
                "\(configuration.clusterName) has joined \(request.clusterName) and dials it; unpeer first to peer the other way round"
            )
        }
    }

    var informers: [Informer] { [namespaces, pods, otherPods, nodes, foreignClusters] }

    /// How much of the edge a hub may use. A share that says nothing known counts as none: the setting's applies.
    func share(of hub: HubPeering) -> EdgeShare {
        foreignClusters.get(name: hub.clusterName).map(ForeignCluster.init)?.share.flatMap { EdgeShare($0) }
            ?? configuration.share
    }

    /// The most that a hub's pods may ask for, by resource; others are not limited.
    ///
    /// - Parameter asked: what a pod asks for.
    func limits(of hub: HubPeering, asked: ResourceAmounts = [:]) -> ResourceAmounts {
        let share = share(of: hub)
        guard !share.isEverything else { return [:] }
        let whole = ClusterCapacity(nodes: nodes.objects, others: [:], own: [:]).allocatable
        return share.limits(of: whole, asked: asked.keys)
    }

    /// What a hub's pods may not be. What a ForeignCluster says goes before the settings; an unknown word is taken for the
    /// narrower one.
    func policy(of hub: HubPeering) -> PodPolicy {
        let foreign = foreignClusters.get(name: hub.clusterName).map(ForeignCluster.init)
        return PodPolicy(
            security: foreign?.podSecurity.map { PodSecurityLevel(rawValue: $0) ?? .baseline }
                ?? configuration.podSecurity,
            images: foreign?.allowedImages.map(AllowedImages.init) ?? configuration.allowedImages)
    }

    /// Whether it is known what hubs may use, and what there is of it.
    var areSharesKnown: Bool { nodes.isSynced && foreignClusters.isSynced }

    /// Waits until what the reconcilers go by has been read once.
    func waitForSync() async throws {
        try await namespaces.waitForSync()
        try await pods.waitForSync()
    }

    /// Whether what the reconcilers go by has been read once.
    var isSynced: Bool { namespaces.isSynced && pods.isSynced }

    /// The pods on this edge that run for a key of a hub: more than one while one replaces another.
    func pods(of hub: String, _ key: ItemKey) -> [KubernetesObject] {
        pods.objects(index: Self.byOrigin, "\(hub)|\(key.text)").sorted { $0.uid < $1.uid }
    }

    /// All pods on this edge that run for a hub.
    func pods(of hub: String) -> [KubernetesObject] { pods.objects(index: Self.byHub, hub) }

    /// The namespaces on this edge that are a hub's.
    func namespaces(of hub: String) -> [KubernetesObject] {
        namespaces.objects.filter { OriginOf.namespace($0)?.hub == hub }
    }
}
