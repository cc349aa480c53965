public import ClusterAPI
import HTTPTransport
import JSONTree
import KubernetesModel
import NIOHTTP1
import PodSessions

/// Ways into a pod, each on a connection of its own.
///
/// Exec and attach ask for a WebSocket, and where there is none with what they need for SPDY/3.1, as kubectl does: servers
/// before 1.30 have no `v5.channel.k8s.io`, and without that nobody can say over a WebSocket that standard input has ended.
/// Ports are forwarded over SPDY, which all servers speak and which ends each direction by itself.
extension KubernetesClient {
    private static let spdy = "SPDY/3.1"
    private static let versionHeader = "X-Stream-Protocol-Version"

    public func exec(
        namespace: String, name: String, _ request: ContainerRequest, _ client: ContainerStreams
    ) async throws -> Int {
        try await visit("exec", namespace, name, request, client)
    }

    public func attach(
        namespace: String, name: String, _ request: ContainerRequest, _ client: ContainerStreams
    ) async throws {
        var request = request
        request.command = []
        _ = try await visit("attach", namespace, name, request, client)
    }

    public func forward(namespace: String, name: String, port: Int, _ client: ByteStreams) async throws {
        let request = try APIRequest(.POST, .pods, namespace: namespace, name: name, subresource: "portforward")
        try await told(request) {
            let connection = try await spdy(request, PortForwardCall.subprotocol)
            defer { connection.close() }
            try await PortForwardCall(SPDYPeer(connection), port: port).run(client)
        }
    }

    private func visit(
        _ subresource: String, _ namespace: String, _ name: String, _ wanted: ContainerRequest,
        _ client: ContainerStreams
    ) async throws -> Int {
        var request = try APIRequest(.GET, .pods, namespace: namespace, name: name, subresource: subresource)
        if !wanted.container.isEmpty { request.query.append("container", wanted.container) }
        for word in wanted.command { request.query.append("command", word) }
        for (name, flag) in [
            ("stdin", wanted.standardInput), ("stdout", wanted.standardOutput), ("stderr", wanted.standardError),
            ("tty", wanted.terminal),
        ] where flag { request.query.append(name, "true") }
        return try await told(request) {
            if let socket = try await socket(request, saysEnds: wanted.standardInput) {
                defer { socket.close() }
                return try await ContainerCall(socket).run(client)
            }
            request.method = .POST
            let connection = try await spdy(request, ContainerCall.spdySubprotocol)
            defer { connection.close() }
            return try await ContainerCall(SPDYPeer(connection), for: wanted).run(client)
        }
    }

    /// Asks for a WebSocket.
    ///
    /// - Parameter saysEnds: whether only a protocol will do that can say that standard input has ended.
    /// - Returns: `nil` where the server may do the same in another protocol.
    private func socket(_ request: APIRequest, saysEnds: Bool) async throws -> WebSocketConnection? {
        let subprotocols = saysEnds ? Array(ChannelMessage.subprotocols.prefix(1)) : ChannelMessage.subprotocols
        let answer = try await upgraded(request) { [http] in
            try await http.webSocket($0, subprotocols: subprotocols)
        }
        switch answer {
        case .switched(let socket, _): return socket
        case .refused(let answer):
            let error = try await refusal(answer, request)
            // These are about the pod and the user, whatever the protocol; nodes' own refusals of a handshake are no `Status`.
            switch error.reason {
            case .notFound, .conflict, .tooManyRequests, .unauthorized, .invalid: throw error
            case .forbidden where !error.kind.isEmpty: throw error
            default: return nil
            }
        }
    }

    private func spdy(_ request: APIRequest, _ subprotocol: String) async throws -> ByteConnection {
        let answer = try await upgraded(request) { [http] in
            var request = $0
            request.headers.add(name: Self.versionHeader, value: subprotocol)
            return try await http.upgrade(request, to: Self.spdy)
        }
        switch answer {
        case .refused(let answer): throw try await refusal(answer, request)
        case .switched(let connection, let headers):
            guard headers[canonicalForm: Self.versionHeader].contains(where: { $0 == subprotocol }) else {
                connection.close()
                throw ClusterUnreachable(
                    "\(http.endpoint) answered \(request) with another protocol than \(subprotocol)")
            }
            return connection
        }
    }

    /// Sends a request to leave HTTP, once more where the server does not know the user any more.
    private func upgraded<Connection: Sendable>(
        _ request: APIRequest, _ ask: (HTTPClientRequest) async throws -> HTTPUpgradeAnswer<Connection>
    ) async throws -> HTTPUpgradeAnswer<Connection> {
        var request = request
        request.accept = "*/*"
        let credential = try await credential()
        let answer = try await ask(makeRequest(request, credential))
        guard case .refused(let stream) = answer, stream.status == .unauthorized,
            try await isRenewed(credential, after: 0)
        else { return answer }
        stream.cancel()
        return try await ask(makeRequest(request, try await self.credential()))
    }

    private func refusal(_ answer: HTTPClientStream, _ request: APIRequest) async throws -> APIError {
        let body = try await answer.collect(upTo: 1 << 20)
        return APIRefusal(answer.status, answer.headers, body, request).error
    }

    /// Tells the failures of connections as `ClusterAPI` does.
    private func told<Result: Sendable>(_ request: APIRequest, _ body: () async throws -> Result) async throws -> Result
    {
        do {
            return try await body()
        } catch let error as SPDYError {
            throw ClusterUnreachable("\(http.endpoint) answered \(request) with what cannot be read: \(error)")
        } catch is ChannelMessage.Malformed {
            throw ClusterUnreachable("\(http.endpoint) answered \(request) with a message that is none")
        } catch let error as JSONError {
            throw ClusterUnreachable("\(http.endpoint) answered \(request) with a status that is no JSON: \(error)")
        } catch {
            throw explain(error)
        }
    }
}
