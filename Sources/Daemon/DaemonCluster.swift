public import AdmissionWebhook
public import ClusterAPI
public import EmbeddedCluster
public import Logging
public import OffloadingModel
public import Scheduling

/// The cluster that a daemon works on: its own, embedded one, or a real one that it is a client of.
public protocol DaemonCluster: Sendable {
    /// The cluster, as everything in the process reaches it.
    var api: any ClusterAPI { get }
    /// Where its API is: `https://HOST:PORT`.
    var address: String { get }
    /// The id that the cluster has of its own; `nil` for one whose id is kept in the state folder.
    var clusterID: String? { get }
    /// What ``ClusterInfo`` calls it: `embedded` or `kubernetes`.
    var mode: String { get }
    /// Where this machine is in the pods' network; empty where that is not known.
    var gateway: String { get }
    /// Which endpoint answers for which node.
    var nodeEndpoints: NodeEndpoints { get }
    /// Where the cluster's API server finds the endpoint of virtual nodes; `nil` where it needs none, or has none.
    var nodeAddress: ListenAddress? { get }

    /// Begins to answer the cluster's questions about pods on their way in, whether this replica leads or waits; does nothing
    /// where they are asked otherwise, or not at all. Ends with ``run(advice:schedules:)``.
    ///
    /// - Throws: where the port is taken, or the cluster does not answer.
    func admit(_ pods: @escaping PodAdmitter) async throws

    /// Returns once this replica may work: at once where it is the only one.
    func waitToLead() async throws

    /// Runs what belongs to the cluster in this process, until the task is cancelled.
    ///
    /// - Parameters:
    ///   - advice: what the scheduler must know of nodes that stand for edges.
    ///   - schedules: given what makes the scheduler look at a node again, or at all of them (`nil`).
    func run(
        advice: any PlacementAdvice,
        schedules: @escaping @Sendable (@escaping @Sendable (_ node: String?) -> Void) -> Void
    ) async throws

    /// Waits until the cluster takes pods.
    func waitUntilReady() async throws
}

extension DaemonCluster {
    public func admit(_ pods: @escaping PodAdmitter) async throws {}
    public func waitToLead() async throws {}
}

/// Opens the cluster that a configuration names.
public enum DaemonClusters {
    /// - Parameters:
    ///   - role: what the daemon is beside the cluster.
    ///   - hooks: change or refuse objects on their way into an embedded cluster; a real one reaches nobody so.
    public static func open(
        _ configuration: DaemonConfiguration, role: ClusterInfo.Role, hooks: [any AdmissionHook] = [], logger: Logger
    ) async throws -> any DaemonCluster {
        FreeMemory.shareHeaps()
        guard let access = configuration.access else {
            return try await EmbeddedNode(configuration, role: role, hooks: hooks, logger: logger)
        }
        return try await KubernetesCluster.open(access, configuration, role: role, logger: logger)
    }
}
