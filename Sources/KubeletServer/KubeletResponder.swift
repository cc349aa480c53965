import ClusterAPI
import HTTPTransport
import JSONTree
import KubernetesModel
import Logging
import NIOCore
import NIOHTTP1
import PodSessions
import TLSTransport

/// Answers what an API server asks of a kubelet; refusals are texts, as a kubelet's, which the API server passes on.
struct KubeletResponder: HTTPResponder {
    let cluster: any ClusterAPI
    let endpoints: NodeEndpoints
    /// Whether the cluster lets a client use a node as the API server does, to read (`get`) or to enter (`create`).
    let allows: @Sendable (PeerIdentity, _ node: String, _ verb: String) async throws -> Bool
    let logger: Logger

    func respond(to request: HTTPRequest) async -> HTTPResponse {
        do {
            return try await answer(request)
        } catch let error as APIError {
            return .text(HTTPResponseStatus(statusCode: error.code), error.message)
        } catch {
            logger.warning("a node could not be asked", metadata: ["error": "\(error)"])
            return .text(.internalServerError, "\(error)")
        }
    }

    private func answer(_ request: HTTPRequest) async throws -> HTTPResponse {
        if request.path == "/healthz" { return .text(.ok, "ok") }
        guard let question = KubeletQuestion(request) else { return .text(.notFound, "404 page not found") }
        let pod = try await cluster.get(.pods, namespace: question.namespace, name: question.pod)
        let node = pod.spec["nodeName"]?.string ?? ""
        guard let endpoint = endpoints[node] else {
            throw APIError(
                code: 404, reason: .notFound, message: "pod \"\(pod.name)\" is on no node that is served here")
        }
        guard let peer = request.peer, try await allows(peer, node, question.verb) else {
            let user = request.peer?.commonName ?? ""
            throw APIError(
                code: 403, reason: .forbidden,
                message: "Forbidden (user=\(user), verb=\(question.verb), resource=nodes, subresource=proxy)")
        }
        let visit = PodVisit(pod, at: endpoint)
        switch question.subject {
        case .log(let container):
            let options = try KubeletQuestion.logOptions(request.query, container: container)
            return Self.stream(try await endpoint.podLogs(pod, options))
        case .exec(let container):
            return try visit.exec(request, KubeletQuestion.streams(request.query, container: container))
        case .attach(let container):
            return try visit.attach(request, KubeletQuestion.streams(request.query, container: container))
        case .portForward:
            return try visit.portForward(request, ports: try PodVisit.ports(request.query.all("port")))
        }
    }

    private static func stream(_ log: AsyncThrowingStream<[UInt8], any Error>) -> HTTPResponse {
        HTTPResponse(
            status: .ok, headers: ["Content-Type": "text/plain"],
            body: .stream { writer in
                for try await piece in log { try await writer.write(ByteBuffer(bytes: piece)) }
            })
    }
}
