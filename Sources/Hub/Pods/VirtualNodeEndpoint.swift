import ClusterAPI
import JSONTree
import KubernetesModel
import PeerTransport
import Sessions
import Wire

/// What the origin's API asks of a virtual node, answered through the peering by the edge.
///
/// Each client has a stream of its own, with its own window: one that does not read holds up its own program, and no other
/// client. It ends with the client, and with the connection to the edge.
struct VirtualNodeEndpoint: NodeEndpoint {
    /// Streams of a connection that clients leave to the peering itself.
    private static let spareStreams = 16

    /// The ForeignCluster's name.
    let edge: String
    let links: EdgeLinks

    func podLogs(_ pod: KubernetesObject, _ options: LogOptions) async throws -> AsyncThrowingStream<[UInt8], any Error>
    {
        let request = LogsRequest(
            pod: .pod(pod.namespace, pod.name), container: options.container, follow: options.follow,
            previous: options.previous, timestamps: options.timestamps, tailLines: options.tailLines,
            sinceSeconds: options.sinceSeconds, sinceTime: options.sinceTime, limitBytes: options.limitBytes)
        let stream = try await open(StreamKind.logs, request.json, "its logs can be read")
        return AsyncThrowingStream(unfolding: {
            guard let bytes = try await stream.read() else { return nil }
            return Array(bytes)
        })
    }

    func exec(_ pod: KubernetesObject, _ request: ContainerRequest, _ client: ContainerStreams) async throws -> Int {
        try await visit(StreamKind.exec, pod, request, client)
    }

    func attach(_ pod: KubernetesObject, _ request: ContainerRequest, _ client: ContainerStreams) async throws {
        _ = try await visit(StreamKind.attach, pod, request, client)
    }

    private func visit(
        _ kind: String, _ pod: KubernetesObject, _ request: ContainerRequest, _ client: ContainerStreams
    ) async throws -> Int {
        let wanted = ContainerStreamRequest(
            pod: .pod(pod.namespace, pod.name), container: request.container, command: request.command,
            standardInput: request.standardInput, standardOutput: request.standardOutput,
            standardError: request.standardError, terminal: request.terminal)
        let stream = try await open(kind, wanted.json, "its pods can be visited")
        return try await told {
            try await ContainerVisit(edge: edge, stream: ContainerRecordStream(stream), client: client).run()
        }
    }

    func forward(_ pod: KubernetesObject, port: Int, _ client: ByteStreams) async throws {
        let request = ForwardRequest(pod: .pod(pod.namespace, pod.name), port: port)
        let stream = try await open(StreamKind.forward, request.json, "its pods can be reached")
        try await told {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    while let bytes = try await client.receive() { try await stream.write(bytes) }
                    stream.finish()
                }
                group.addTask {
                    while let bytes = try await stream.read() { try await client.send(Array(bytes)) }
                    try await client.send([])
                }
                // The first to fail ends the other.
                for try await _ in group {}
            }
        }
    }

    // MARK: - Streams

    /// - Parameter what: can be done again when the edge is back, for users.
    private func open(_ kind: String, _ parameters: JSON, _ what: String) async throws -> PeerStream {
        guard let connection = links.connection(edge) else {
            throw APIError.unavailable(
                "edge \(edge) is not connected; \(what) again once it is, or at the edge itself", retryAfterSeconds: 2)
        }
        return try await told {
            try await connection.openStream(kind: kind, parameters: parameters, leaving: Self.spareStreams)
        }
    }

    /// Tells the failures of streams as an API does.
    private func told<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let error as StreamError {
            switch error.code {
            case .tooMany:
                throw APIError.tooManyRequests("edge \(edge): \(error.message)", retryAfterSeconds: 2)
            case .refused where error.reason == APIError.Reason.serviceUnavailable.rawValue:
                throw APIError.unavailable(error.message, retryAfterSeconds: 2)
            case .refused: throw APIError.badRequest(error.message)
            case .failed: throw APIError(code: 500, reason: .internalError, message: error.message)
            default: throw APIError.unavailable("edge \(edge): \(error.message)", retryAfterSeconds: 2)
            }
        }
    }
}
