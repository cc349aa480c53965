import ClusterAPI
import KubernetesModel
import PeerTransport
import Sessions
import Wire

/// What the origin's API asks of a virtual node, answered through the peering by the edge.
struct VirtualNodeEndpoint: NodeEndpoint {
    /// The ForeignCluster's name.
    let edge: String
    let links: EdgeLinks

    func podLogs(_ pod: KubernetesObject, _ options: LogOptions) async throws -> AsyncThrowingStream<[UInt8], any Error>
    {
        guard let connection = links.connection(edge) else {
            throw APIError.unavailable(
                "edge \(edge) is not connected; its logs can be read again once it is, or at the edge itself",
                retryAfterSeconds: 2)
        }
        let request = LogsRequest(
            pod: .pod(pod.namespace, pod.name), container: options.container, follow: options.follow,
            previous: options.previous, timestamps: options.timestamps, tailLines: options.tailLines,
            sinceSeconds: options.sinceSeconds, sinceTime: options.sinceTime, limitBytes: options.limitBytes)
        let stream: PeerStream
        do {
            stream = try await connection.openStream(kind: StreamKind.logs, parameters: request.json)
        } catch let error as StreamError {
            throw APIError.badRequest(error.message)
        }
        return AsyncThrowingStream(unfolding: {
            guard let bytes = try await stream.read() else { return nil }
            return Array(bytes)
        })
    }
}
