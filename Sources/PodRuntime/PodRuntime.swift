public import ClusterAPI

/// What runs pods on one machine.
///
/// A node agent drives it: it says which pods shall be there, hears when something changed, and reads how they are. All
/// methods may be called at any time, again, and for several pods at once.
public protocol PodRuntime: Sendable {
    /// The runtime's name and version as nodes show it: `process://0.1.0`.
    var version: String { get }

    /// What users must know wherever the runtime shows, such as that nothing really runs; `nil` mostly.
    var warning: String? { get }

    /// The machine's address in the pods' network: the pods' gateway, or a loopback address without a network of their own.
    var hostAddress: String { get }

    /// Does the runtime's own work, such as noticing what its pods do, until the task is cancelled. Runs once.
    func run() async

    /// The pods whose status may have changed, by uid, from now on. Several readers each get all; the same uid may come
    /// once for several changes.
    func changes() -> AsyncStream<String>

    /// Makes the pod run if it does not: starts it, or takes it up again after its supervisor was lost.
    ///
    /// A pod that runs, has finished, or was told to stop stays as it is. A pod whose images or values are missing waits:
    /// its status says for what, and `ensure` has to be called again.
    /// - Throws: `PodRuntimeError` where the pod could not be set up; trying again may help.
    func ensure(_ request: PodRequest) async throws

    /// Brings the files of a running pod's volumes to the request's values; nothing else of the pod changes.
    ///
    /// - Throws: `PodRuntimeError`; trying again may help.
    func update(_ request: PodRequest) async throws

    /// Asks the pod to end, and kills what is left of it after the grace period. Returns before that; the status tells.
    ///
    /// - Parameter gracePeriodSeconds: 0 kills at once. A later call can only shorten the time.
    func stop(uid: String, gracePeriodSeconds: Int) async throws

    /// Forgets the pod, its logs and its address; kills what still runs of it. A pod that is not there is fine.
    func remove(uid: String) async throws

    /// How the pod is; `nil` where the runtime has no such pod.
    func status(uid: String) async -> PodRuntimeStatus?

    /// All pods, also those of an earlier run of the daemon.
    func list() async -> [PodRuntimeStatus]

    /// The log of one of the pod's containers, in pieces as they come.
    ///
    /// - Parameter options: `container` must be one of the pod's.
    /// - Throws: `PodRuntimeError` (`noSuchPod`, `noSuchContainer`, `noLog`).
    func logs(uid: String, _ options: LogOptions) async throws -> AsyncThrowingStream<[UInt8], any Error>

    /// Runs a program in a running container of the pod, as `NodeEndpoint.exec`.
    ///
    /// - Throws: `PodRuntimeError` (`noSuchPod`, `noSuchContainer`, `notStarted`).
    func exec(uid: String, _ request: ContainerRequest, _ client: ContainerStreams) async throws -> Int

    /// Follows what a running container writes, as `NodeEndpoint.attach`.
    ///
    /// - Throws: `PodRuntimeError` (`noSuchPod`, `noSuchContainer`).
    func attach(uid: String, _ request: ContainerRequest, _ client: ContainerStreams) async throws

    /// Carries one connection to a port of the pod, as `NodeEndpoint.forward`.
    ///
    /// - Throws: `PodRuntimeError` (`noSuchPod`, `notConnected`).
    func forward(uid: String, port: Int, _ client: ByteStreams) async throws
}

extension PodRuntime {
    public func update(_ request: PodRequest) async throws {}

    public func exec(uid: String, _ request: ContainerRequest, _ client: ContainerStreams) async throws -> Int {
        throw Self.nothingRuns
    }

    public func attach(uid: String, _ request: ContainerRequest, _ client: ContainerStreams) async throws {
        throw Self.nothingRuns
    }

    public func forward(uid: String, port: Int, _ client: ByteStreams) async throws { throw Self.nothingRuns }

    private static var nothingRuns: PodRuntimeError {
        PodRuntimeError(.unavailable, "this node's runtime runs no processes that could be reached")
    }
}
