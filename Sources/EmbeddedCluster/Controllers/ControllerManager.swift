public import ClusterAPI
public import Logging

/// The controllers that come with the cluster: what makes Deployments, Services, namespaces and owners mean something.
///
/// Each looks at the cluster through one shared copy of every resource type, and acts through `ClusterAPI` as any client does.
/// All of them are level-triggered: they can be stopped and started at any moment, and a second manager over the same cluster
/// would be wasteful but harmless.
public final class ControllerManager: Sendable {
    /// How long the controllers wait before they act on silence.
    public struct Configuration: Sendable, Hashable {
        /// How long a local node's agent may say nothing before the node's state is unknown. Kubernetes' default: 40 s at a
        /// lease renewed every 10 s.
        public var nodeSilence: Duration
        /// How long pods outlive the node object they are bound to.
        public var orphanedPodGrace: Duration

        public init(nodeSilence: Duration = .seconds(40), orphanedPodGrace: Duration = .seconds(5)) {
            self.nodeSilence = nodeSilence
            self.orphanedPodGrace = orphanedPodGrace
        }
    }

    private let context: ControllerContext
    private let controllers: [any BuiltInController]
    private let collector: GarbageCollector

    /// - Parameters:
    ///   - servedTypes: what namespace deletion and garbage collection have to look at.
    ///   - now: seconds since 1970.
    ///   - rootCertificate: by whom the API's certificate is signed, in PEM; `nil` where the API is not served over HTTPS.
    public init(
        cluster: any ClusterAPI, servedTypes: any ServedTypes, logger: Logger, now: @escaping @Sendable () -> Int,
        configuration: Configuration = Configuration(), rootCertificate: String? = nil
    ) {
        let context = ControllerContext(cluster: cluster, servedTypes: servedTypes, logger: logger, now: now)
        self.context = context
        collector = GarbageCollector(context)
        var controllers: [any BuiltInController] = [
            collector, DeploymentController(context), ReplicaSetController(context),
            ReplicaSetController(context, kind: .replicationController), JobController(context),
            DisruptionController(context), NamespaceController(context),
            ServiceAccountController(context), EndpointsController(context), EndpointsMirror(context),
            NodeLifecycleController(context, silence: configuration.nodeSilence),
            PodGarbageCollector(context, grace: configuration.orphanedPodGrace),
        ]
        if let rootCertificate {
            controllers.append(RootCertificateController(context, certificate: rootCertificate))
        }
        self.controllers = controllers
    }

    /// Works until the task is cancelled. To be called once.
    public func run() async {
        await collector.prepare()
        await withDiscardingTaskGroup { group in
            group.addTask { [context] in await context.informers.run() }
            for controller in controllers { group.addTask { await controller.run() } }
        }
    }
}
