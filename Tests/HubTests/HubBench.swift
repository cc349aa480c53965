import ClusterAPI
import Enrolment
import JSONTree
import KubernetesModel
import Logging
import NIOPosix
import OffloadingModel
import PeerTransport
import Scheduling
import Synchronization
import TestKit
import Wire

@testable import Hub

/// The hub's reconcilers over a fake cluster; the test calls them, and says what the edges say.
final class HubBench: Sendable {
    let cluster = FakeCluster()
    let store: FileCredentialStore
    let folder = TemporaryFolder()
    let log = RecordedLog()
    let context: HubContext
    let links: EdgeLinks

    init(_ change: (inout HubConfiguration) -> Void = { _ in }) throws {
        var configuration = HubConfiguration(clusterID: "abcdef01-0000", clusterName: "cloud", version: "1")
        change(&configuration)
        let logger = log.logger
        store = try FileCredentialStore(stateFolder: folder.path)
        let (box, instants) = (NowBox(), Instants())
        let events = EventRecorder(cluster, component: "causeway-hub", now: { box.value }, logger: logger)
        context = HubContext(
            configuration: configuration, cluster: cluster, events: events, logger: logger, now: { box.value },
            instant: { instants.now })
        links = EdgeLinks(
            context: context, credentials: store,
            joined: JoinedEdges(
                context: context,
                book: PeeringBook(FilePeeringStore(stateFolder: folder.path), now: { box.value })),
            dialler: { address, proxy, _ in
                PeerDialler(address, via: proxy, group: MultiThreadedEventLoopGroup.singleton)
            }, endpoints: NodeEndpoints())
        now = box
        self.instants = instants
        context.desired.markPrepared()
    }

    /// The hub's monotonic clock, which can be put forward.
    let instants: Instants

    final class Instants: Sendable {
        private let ahead = Mutex(Duration.zero)
        var now: ContinuousClock.Instant { .now + ahead.withLock { $0 } }
        func advance(_ by: Duration) { ahead.withLock { $0 += by } }
    }

    /// What the hub takes for the time: seconds since 1970.
    let now: NowBox

    final class NowBox: Sendable {
        private let seconds = Mutex(1_000_000)
        var value: Int {
            get { seconds.withLock { $0 } }
            set { seconds.withLock { $0 = newValue } }
        }
    }

    /// Keeps the local copies while `body` runs.
    func run(_ body: () async throws -> Void) async throws {
        let task = Task { [context] in
            await withDiscardingTaskGroup { group in
                for informer in context.informers { group.addTask { await informer.run() } }
            }
        }
        do {
            for informer in context.informers { try await informer.waitForSync() }
            try await body()
        } catch {
            await end(task)
            throw error
        }
        await end(task)
    }

    private func end(_ task: Task<Void, Never>) async {
        await links.stopAll()
        task.cancel()
        await task.value
    }

    /// Waits until the local copies have all that the cluster has.
    func settle() async throws {
        for informer in context.informers {
            try await eventually("\(informer.type) is up to date") {
                let selector = informer.type == .nodes ? "\(Names.typeLabel)=\(Names.virtualNodeType)" : ""
                let all = try await cluster.list(informer.type, namespace: nil, ListOptions(labelSelector: selector))
                return all.items == informer.objects.sorted { $0.key < $1.key }
            }
        }
    }

    // MARK: - Reconciling

    func reconcile(offloading namespace: String) async throws -> Requeue {
        try await settle()
        let requeue = try await OffloadingReconciler(context: context).reconcile(namespace)
        try await settle()
        return requeue
    }

    func reconcile(pod name: String) async throws -> Requeue {
        try await settle()
        let requeue = try await PodReconciler(context: context).reconcile(ObjectKey(namespace: "shop", name: name))
        try await settle()
        return requeue
    }

    func reconcile(peering name: String) async throws -> Requeue {
        try await settle()
        let requeue = try await ForeignClusterReconciler(context: context, links: links).reconcile(name)
        try await settle()
        return requeue
    }

    // MARK: - What there is

    /// An edge that is peered and answers, unless told otherwise.
    func edge(_ name: String, id: String? = nil, connected: Bool = true, known: Bool = true) {
        var edge = Edge(name: name, clusterID: id ?? "\(name)-1", node: "liqo-\(name)", state: .ready)
        edge.isWanted = true
        edge.isConnected = connected
        edge.silentSince = connected ? nil : .now
        edge.isObservedComplete = known
        edge.advertisement = Self.advertisement
        edge.labels = ["topology.liqo.io/type": "destination"]
        context.edges.put(edge)
    }

    static let advertisement = AdvertiseMessage(
        capacity: ["cpu": "4"], allocatable: ["cpu": "4"], labels: ["topology.liqo.io/type": "destination"],
        architecture: "arm64", conditions: [.init(type: "Ready", status: "True", reason: "NodesReady")])

    func observe(_ edge: String, _ contents: [ItemKey: ObservedContent]) {
        let copy = ObservedCopy()
        copy.apply(ObservedMessage(upserts: contents.map { ObservedItem(key: $0.key, content: $0.value) }))
        context.edges.update(edge) { $0.observe(copy, withNamespaces: true) }
    }

    func namespace(_ name: String = "shop") async throws {
        _ = try await cluster.create(.namespaces, KubernetesObject(.namespaces, name: name))
    }

    func offloading(
        _ namespace: String = "shop", annotations: [String: String] = [:], finalizers: [String] = [],
        strategy: String = "Remote", status: JSON? = nil
    ) async throws {
        var fields: JSON = [
            "metadata": [
                "annotations": JSON(annotations), "finalizers": .array(finalizers.map(JSON.string)),
            ],
            "spec": ["namespaceMappingStrategy": "EnforceSameName", "podOffloadingStrategy": .string(strategy)],
        ]
        fields["status"] = status
        _ = try await cluster.create(
            .namespaceOffloadings,
            KubernetesObject(.namespaceOffloadings, name: Names.offloading, namespace: namespace, fields))
    }

    @discardableResult
    func pod(_ name: String, on node: String = "liqo-rome", status: JSON? = nil) async throws -> KubernetesObject {
        var fields: JSON = [
            "spec": ["nodeName": .string(node), "containers": [["name": "c", "image": "nginx"]]]
        ]
        fields["status"] = status
        return try await cluster.create(
            .pods, KubernetesObject(.pods, name: name, namespace: "shop", fields))
    }

    func found(pod name: String) async throws -> KubernetesObject? {
        try await cluster.find(.pods, namespace: "shop", name: name)
    }

    func offloadingStatus(_ namespace: String = "shop") async throws -> JSON {
        try await cluster.get(.namespaceOffloadings, namespace: namespace, name: Names.offloading).status
    }
}

extension ObservedContent {
    static func ready(_ name: String) -> ObservedContent {
        .namespace(ObservedNamespace(remoteName: name, state: .ready))
    }
}
