import ClusterAPI
import HTTPTransport
import JSONTree
import KubernetesModel
import NIOCore
import NIOHTTP1

extension APIServer {
    /// Hands a request on to a server in a pod, and its answer back (`pods/NAME/proxy`, `services/NAME/proxy`).
    ///
    /// It travels as a forwarded port does, so pods on every node are reached. Upgrades are not: a WebSocket's request is
    /// handed on as a plain one.
    func proxy(
        _ definition: ResourceDefinition, _ path: RequestPath.Resource, _ request: HTTPRequest
    ) async throws -> HTTPResponse {
        let place = try ProxyTarget.Place(path.name ?? "")
        let (prefix, rest) = Self.split(request.path, path)
        let query = request.rawQuery.map { "?\($0)" } ?? ""
        // Relative links of the page at the root lead astray without it.
        if rest.isEmpty, request.method == .GET || request.method == .HEAD {
            return HTTPResponse(status: .movedPermanently, headers: ["Location": "\(prefix)/\(query)"])
        }
        let target = try pipeline.proxyTarget(definition, namespace: path.namespace, place)
        let endpoint = try pipeline.nodeEndpoint(of: target.pod)
        let connection = ProxiedConnection(
            to: target.pod, port: target.port, endpoint: endpoint,
            sending: Self.encode(request, target, (rest.isEmpty ? "/" : rest) + query))
        var answer = ProxiedAnswer(isBodiless: request.method == .HEAD)
        do {
            while let bytes = try await connection.next() {
                guard let head = try answer.head(bytes) else { continue }
                return Self.response(head, answer, connection, prefix: prefix)
            }
            try answer.end()
        } catch {
            throw APIError.unavailable("error trying to reach service: \(error)")
        }
        throw APIError.unavailable("error trying to reach service: the connection closed before the answer")
    }

    /// The part of a path up to `proxy`, and what follows, which goes to the pod as it was sent.
    private static func split(_ path: String, _ resource: RequestPath.Resource) -> (prefix: String, rest: String) {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        // `/api/v1/namespaces/N/pods/P/proxy`: the empty segment first.
        let count = resource.namespace == nil ? 6 : 8
        let rest = segments.dropFirst(count)
        return (
            segments.prefix(count).joined(separator: "/"), rest.isEmpty ? "" : "/" + rest.joined(separator: "/")
        )
    }

    /// Headers of one connection, which go no further, and those that say who asks the cluster: none of a pod's business.
    private static let ownHeaders: Set<String> = [
        "connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization", "te", "trailer",
        "transfer-encoding", "upgrade", "content-length", "host", "authorization", "expect",
    ]

    private static func encode(_ request: HTTPRequest, _ target: ProxyTarget, _ path: String) -> [UInt8] {
        let host = target.pod.status["podIP"]?.string ?? target.pod.name
        var head =
            "\(request.method.rawValue) \(path) HTTP/1.1\r\nHost: \(host):\(target.port)\r\nConnection: close\r\n"
        for (name, value) in request.headers {
            let lower = name.lowercased()
            if !ownHeaders.contains(lower), !lower.hasPrefix("impersonate-") { head += "\(name): \(value)\r\n" }
        }
        if request.body.readableBytes > 0 || [.POST, .PUT, .PATCH].contains(request.method) {
            head += "Content-Length: \(request.body.readableBytes)\r\n"
        }
        return Array((head + "\r\n").utf8) + Array(request.body.readableBytesView)
    }

    private static func response(
        _ head: ProxiedAnswer.Head, _ answer: ProxiedAnswer, _ connection: ProxiedConnection, prefix: String
    ) -> HTTPResponse {
        var headers = HTTPHeaders()
        for (name, value) in head.headers where !ownHeaders.contains(name.lowercased()) {
            let isOwnPlace = name.lowercased() == "location" && value.hasPrefix("/")
            headers.add(name: name, value: isOwnPlace ? prefix + value : value)
        }
        guard !answer.isComplete else { return HTTPResponse(status: head.status, headers: headers) }
        @Sendable func write(to writer: HTTPBodyWriter) async throws {
            var answer = answer
            var bytes: [UInt8]? = []
            while let now = bytes {
                let body = try answer.body(now)
                if !body.isEmpty { try await writer.write(ByteBuffer(bytes: body)) }
                if answer.isComplete { return }
                bytes = try await connection.next()
            }
            try answer.end()
        }
        return HTTPResponse(
            status: head.status, headers: headers,
            body: head.length.map { .sized($0, write) } ?? .stream(write))
    }
}
