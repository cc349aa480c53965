import ClusterAPI
import Enrolment
import JSONTree
import KubernetesModel
import Logging
import NIOPosix
import OffloadingModel
import PeerTransport
import TestKit
import Wire

@testable import Agent

/// The reconcilers at work over a fake cluster, with one hub whose wishes the test speaks.
struct Bench: Sendable {
    let cluster = ScriptedCluster()
    let store: MemoryStore
    let context: AgentContext
    let reconcilers: Reconcilers
    let hub: HubPeering
    let link = RecordingLink()
    static let hubID = "hub-1"

    /// - Parameters:
    ///   - connected: whether the hub is connected from the beginning.
    ///   - now: what the agent takes for the time.
    init(
        existing: [(ResourceType, KubernetesObject)] = [], record: PeeringRecord? = nil, connected: Bool = true,
        now: Int = 1000, share: EdgeShare = .everything
    ) async throws {
        for (type, object) in existing { _ = try await cluster.base.create(type, object) }
        let record = record ?? PeeringRecord(clusterID: Self.hubID, clusterName: "cloud", epoch: 1, since: 1)
        store = MemoryStore([record])
        var configuration = AgentConfiguration(
            clusterID: "edge-1", clusterName: "rome", version: "1",
            listen: PeerAddress(host: "127.0.0.1", port: 0))
        configuration.refusalRetry = .milliseconds(50)
        configuration.share = share
        var logger = Logger(label: "test")
        logger.logLevel = .error
        context = AgentContext(
            configuration: configuration, cluster: cluster, peerings: store, logger: logger, now: { now })
        try await context.book.load()
        reconcilers = Reconcilers(
            context,
            joins: Joins(
                context: context, credentials: NoCredentials(),
                dialler: { PeerDialler($0.address, via: $0.proxy, group: .singletonMultiThreadedEventLoopGroup) }),
            ownCertificateNotAfter: { 2000 })
        hub = context.hubs.hub(record)
        if connected { _ = hub.attach(link, epoch: 1, isNewEpoch: true, certificateNotAfter: 2000) }
    }

    /// Lets the agent work while `body` runs.
    func run(_ body: (Bench) async throws -> Void) async throws {
        let task = Task { [context, reconcilers] in
            await withDiscardingTaskGroup { group in
                for informer in context.informers { group.addTask { await informer.run() } }
                group.addTask { await reconcilers.run() }
            }
        }
        defer { task.cancel() }
        try await context.waitForSync()
        reconcilers.observeAll(of: hub)
        hub.publish(to: link)
        try await body(self)
    }

    /// The hub says what it wants.
    func want(_ contents: [ItemKey: DesiredContent], not removals: [ItemKey] = [], complete: Bool = true) {
        let items = contents.sorted { $0.key < $1.key }.map { DesiredItem(key: $0.key, content: $0.value) }
        reconcilers.take(
            DesiredMessage(sequence: 1, upserts: items, removals: removals, isComplete: complete), from: hub)
    }

    static let namespace: [ItemKey: DesiredContent] = [
        .namespace("demo"): .namespace(
            DesiredNamespace(
                originName: "demo", remoteName: "demo", mapping: "EnforceSameName",
                labels: ["team": "a", "pod-security.kubernetes.io/enforce": "privileged"],
                annotations: [
                    "scheduler.alpha.kubernetes.io/node-selector": "role=control-plane",
                    Names.onDisconnectAnnotation: "keep",
                ]))
    ]

    static func pod(
        _ name: String, uid: String = "u1", spec: JSON = ["containers": [["name": "c", "image": "nginx"]]],
        grace: Int? = nil, finished: Bool = false
    ) -> [ItemKey: DesiredContent] {
        [
            .pod("demo", name): .pod(
                DesiredPod(
                    originUID: uid, remoteNamespace: "demo",
                    object: [
                        "apiVersion": "v1", "kind": "Pod",
                        "metadata": [
                            "name": "other", "namespace": "kube-system",
                            "labels": ["app": "x", "causeway.io/origin-cluster-id": "somebody"],
                        ], "spec": spec,
                    ], deletionGracePeriodSeconds: grace, isFinished: finished))
        ]
    }

    func found(_ name: String) async throws -> KubernetesObject? {
        try await cluster.find(.pods, namespace: "demo", name: name)
    }

    func foundNamespace(_ name: String = "demo") async throws -> KubernetesObject? {
        try await cluster.find(.namespaces, name: name)
    }

    /// As a scheduler and a kubelet would.
    func setStatus(_ name: String, _ status: JSON) async throws {
        _ = try await cluster.merge(.pods, namespace: "demo", name: name, ["spec": ["nodeName": "n1"]])
        var pod = try await cluster.get(.pods, namespace: "demo", name: name)
        pod.status = status
        _ = try await cluster.updateStatus(.pods, pod)
    }
}
