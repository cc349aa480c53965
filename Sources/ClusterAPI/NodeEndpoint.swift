import JSONTree
public import KubernetesModel
import Synchronization

/// What an API server asks of the node on which a pod runs: the part of the kubelet's own server that users reach.
public protocol NodeEndpoint: Sendable {
    /// The log of a pod's container, as `ClusterAPI.podLogs`.
    func podLogs(_ pod: KubernetesObject, _ options: LogOptions) async throws -> AsyncThrowingStream<[UInt8], any Error>

    /// Runs a program in a running container of the pod and returns when it has ended and its output is sent.
    ///
    /// - Returns: the exit status, 128 and the signal's number for one that was killed.
    /// - Throws: `APIError` where the program could not be started, in the kubelet's words.
    func exec(_ pod: KubernetesObject, _ request: ContainerRequest, _ client: ContainerStreams) async throws -> Int

    /// Sends what the container's main program writes from now on, and returns when it has ended.
    func attach(_ pod: KubernetesObject, _ request: ContainerRequest, _ client: ContainerStreams) async throws

    /// Makes one connection to a port inside the pod and carries bytes both ways until both have ended.
    ///
    /// - Throws: `APIError` where nobody listens there, in the kubelet's words.
    func forward(_ pod: KubernetesObject, port: Int, _ client: ByteStreams) async throws
}

extension NodeEndpoint {
    public func exec(
        _ pod: KubernetesObject, _ request: ContainerRequest, _ client: ContainerStreams
    ) async throws -> Int { throw unserved("exec", pod) }

    public func attach(
        _ pod: KubernetesObject, _ request: ContainerRequest, _ client: ContainerStreams
    ) async throws { throw unserved("attach", pod) }

    public func forward(_ pod: KubernetesObject, port: Int, _ client: ByteStreams) async throws {
        throw unserved("port-forward", pod)
    }

    private func unserved(_ what: String, _ pod: KubernetesObject) -> APIError {
        .internalError("node \"\(pod.spec["nodeName"]?.string ?? "")\" does not serve \(what) for its pods")
    }
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
