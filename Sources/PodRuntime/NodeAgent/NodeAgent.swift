public import ClusterAPI
import JSONTree
public import KubernetesModel
public import Logging
import PodRecords
import Synchronization

/// The kubelet of an embedded cluster: registers nodes, runs the pods bound to them, and reports how they are.
///
/// What runs is decided by the API's pods alone, and only once they have been listed in full: until then nothing is
/// started, stopped or removed. Pods of an earlier run of the daemon are adopted, finished ones never run again.
public final class NodeAgent: Sendable {
    private let cluster: any ClusterAPI
    private let runtime: any PodRuntime
    private let configuration: NodeAgentConfiguration
    private let logger: Logger
    private let informers: [Informer]
    private let queue = WorkQueue<ObjectKey>()
    private let worker: PodWorker

    /// - Parameter runtime: must be used by nobody else; `run` also runs it.
    public init(
        cluster: any ClusterAPI, runtime: any PodRuntime, configuration: NodeAgentConfiguration, logger: Logger
    ) {
        self.cluster = cluster
        self.runtime = runtime
        self.configuration = configuration
        self.logger = logger
        informers = configuration.nodes.map {
            Informer(cluster, .pods, fieldSelector: "spec.nodeName=\($0.name)", logger: logger)
        }
        worker = PodWorker(cluster: cluster, runtime: runtime, configuration: configuration, logger: logger)
    }

    /// The pod as the cluster has it, where it is bound to one of our nodes.
    private func pod(_ key: ObjectKey) -> KubernetesObject? {
        for informer in informers { if let pod = informer[key] { return pod } }
        return nil
    }

    /// Works until the task is cancelled. The pods go on running then.
    public func run() async {
        if let warning = runtime.warning { logger.warning("\(warning)") }
        let queue = queue
        for informer in informers { informer.onChange { queue.add($0.key) } }
        let changes = runtime.changes()
        await withDiscardingTaskGroup { group in
            group.addTask { [runtime] in await runtime.run() }
            group.addTask { [worker] in await worker.run() }
            for informer in informers { group.addTask { await informer.run() } }
            for node in configuration.nodes {
                let registration = NodeRegistration(
                    cluster: cluster, node: node, configuration: configuration, runtimeVersion: runtime.version,
                    address: runtime.hostAddress, warning: runtime.warning, logger: logger)
                group.addTask { await registration.run() }
            }
            group.addTask { [runtime] in
                for await uid in changes {
                    if let status = await runtime.status(uid: uid) {
                        queue.add(ObjectKey(namespace: status.namespace, name: status.name))
                    }
                }
            }
            group.addTask { await self.work() }
        }
    }

    private func work() async {
        do {
            for informer in informers { try await informer.waitForSync() }
        } catch {
            return
        }
        // What the runtime knows is the base for events: they tell what happens from now on.
        let known = await runtime.list()
        await worker.adopt(known)
        for status in known { queue.add(ObjectKey(namespace: status.namespace, name: status.name)) }
        let controller = Controller("node-agent", queue: queue, workers: 8, logger: logger) { key in
            try await self.worker.reconcile(key, pod: self.pod(key))
        }
        await controller.run()
    }
}

extension NodeAgent: NodeEndpoint {
    /// The names of the nodes for which this answers.
    public var nodeNames: [String] { configuration.nodes.map(\.name) }

    public func podLogs(_ pod: KubernetesObject, _ options: LogOptions) async throws
        -> AsyncThrowingStream<[UInt8], any Error>
    {
        var options = options
        if options.container.isEmpty {
            let names = PodPlanner.containers(of: pod).map(\.name)
            let main = PodPlanner.containers(of: pod).filter { $0.kind == .main }.map(\.name)
            guard names.count == 1, let only = main.first else {
                throw APIError.badRequest(
                    "a container name must be specified for pod \(pod.name), choose one of: [\(names.joined(separator: " "))]"
                )
            }
            options.container = only
        }
        do {
            return try await runtime.logs(uid: pod.uid, options)
        } catch let error as PodRuntimeError {
            throw APIError.badRequest(error.message)
        }
    }

    public func exec(
        _ pod: KubernetesObject, _ request: ContainerRequest, _ client: ContainerStreams
    ) async throws -> Int {
        do {
            return try await runtime.exec(uid: pod.uid, request, client)
        } catch let error as PodRuntimeError {
            throw Self.refusal(error)
        }
    }

    public func attach(_ pod: KubernetesObject, _ request: ContainerRequest, _ client: ContainerStreams) async throws {
        do {
            try await runtime.attach(uid: pod.uid, request, client)
        } catch let error as PodRuntimeError {
            throw Self.refusal(error)
        }
    }

    public func forward(_ pod: KubernetesObject, port: Int, _ client: ByteStreams) async throws {
        do {
            try await runtime.forward(uid: pod.uid, port: port, client)
        } catch let error as PodRuntimeError {
            // Without the usual first words of an internal error: it stands within a sentence of the session's.
            throw APIError(code: 500, reason: .internalError, message: error.message)
        }
    }

    /// What users of `kubectl exec` and `attach` are told, as the kubelet and the API server tell it together.
    private static func refusal(_ error: PodRuntimeError) -> APIError {
        switch error.code {
        case .noSuchPod, .noSuchContainer:
            .internalError("unable to upgrade connection: \(error.message)")
        case .notStarted:
            .internalError(
                "Internal error occurred: error executing command in container: failed to exec in container: "
                    + "\(error.message)")
        case .noLog, .notConnected, .sandbox, .addressesExhausted, .unavailable, .configuration:
            .internalError(error.message)
        }
    }
}
