import ClusterAPI
import HTTPTransport
import JSONTree
import KubernetesModel
import Logging
import NIOCore
import NIOHTTP1
import TLSTransport

/// Answers what an API server asks of a kubelet; refusals are texts, as a kubelet's, which the API server passes on.
struct KubeletResponder: HTTPResponder {
    let cluster: any ClusterAPI
    let endpoints: NodeEndpoints
    /// Whether the cluster lets a client use a node as the API server does.
    let allows: @Sendable (PeerIdentity, _ node: String) async throws -> Bool
    let logger: Logger

    func respond(to request: HTTPRequest) async -> HTTPResponse {
        do {
            return try await answer(request)
        } catch let error as APIError {
            return .text(HTTPResponseStatus(statusCode: error.code), error.message)
        } catch {
            logger.warning("a node's log could not be served", metadata: ["error": "\(error)"])
            return .text(.internalServerError, "\(error)")
        }
    }

    private func answer(_ request: HTTPRequest) async throws -> HTTPResponse {
        let path = request.pathSegments
        if path == ["healthz"] { return .text(.ok, "ok") }
        guard path.count == 4, path[0] == "containerLogs", request.method == .GET else {
            return .text(.notFound, "404 page not found")
        }
        let pod = try await cluster.get(.pods, namespace: path[1], name: path[2])
        let node = pod.spec["nodeName"]?.string ?? ""
        guard let endpoint = endpoints[node] else {
            throw APIError(
                code: 404, reason: .notFound, message: "pod \"\(path[2])\" is on no node that is served here")
        }
        guard let peer = request.peer, try await allows(peer, node) else {
            throw APIError(
                code: 403, reason: .forbidden,
                message:
                    "Forbidden (user=\(request.peer?.commonName ?? ""), verb=get, resource=nodes, subresource=proxy)")
        }
        let log = try await endpoint.podLogs(pod, try Self.options(request.query, container: path[3]))
        return HTTPResponse(
            status: .ok, headers: ["Content-Type": "text/plain"],
            body: .stream { writer in
                for try await piece in log { try await writer.write(ByteBuffer(bytes: piece)) }
            })
    }

    static func options(_ query: HTTPQuery, container: String) throws(APIError) -> LogOptions {
        func number(_ name: String) throws(APIError) -> Int? {
            guard let text = query[name] else { return nil }
            guard let value = Int(text), value >= 0 else {
                throw APIError.badRequest("\(name): \"\(text)\" is not a whole number")
            }
            return value
        }
        var options = LogOptions(
            container: container, follow: query["follow"] == "true", previous: query["previous"] == "true",
            timestamps: query["timestamps"] == "true", sinceTime: query["sinceTime"])
        options.tailLines = try number("tailLines")
        options.sinceSeconds = try number("sinceSeconds")
        options.limitBytes = try number("limitBytes")
        return options
    }
}
