public import KubernetesModel
import Synchronization

/// What an API server asks of the node on which a pod runs: the part of the kubelet's own server that users reach.
public protocol NodeEndpoint: Sendable {
    /// The log of a pod's container, as `ClusterAPI.podLogs`.
    func podLogs(_ pod: KubernetesObject, _ options: LogOptions) async throws -> AsyncThrowingStream<[UInt8], any Error>
}

/// Which endpoint answers for which node: the local runtime for local nodes, the peering for virtual ones.
public final class NodeEndpoints: Sendable {
    private let endpoints = Mutex<[String: any NodeEndpoint]>([:])

    public init() {}

    /// The endpoint of a node; `nil` while nobody serves it.
    public subscript(node: String) -> (any NodeEndpoint)? {
        get { endpoints.withLock { $0[node] } }
        set { endpoints.withLock { $0[node] = newValue } }
    }
}
