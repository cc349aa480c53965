public import ClusterAPI
public import HTTPTransport
public import KubernetesModel
import NIOHTTP1

/// Answers clients that want into a pod: agrees with them on a protocol, and serves them through the pod's node.
///
/// | client | exec and attach | port-forward |
/// |---|---|---|
/// | WebSocket | `v5.channel.k8s.io`, `v4.channel.k8s.io` | SPDY inside: `SPDY/3.1+portforward.k8s.io`; `v4.channel.k8s.io` |
/// | SPDY/3.1 | `v4.channel.k8s.io` to `v2.channel.k8s.io` | `portforward.k8s.io` |
public struct PodVisit: Sendable {
    private static let spdy = "SPDY/3.1"
    /// Where clients say what they speak over SPDY, and servers what they have chosen.
    private static let versionHeader = "X-Stream-Protocol-Version"

    /// SPDY inside a WebSocket.
    private static let tunnel = "SPDY/3.1+portforward.k8s.io"

    private let pod: KubernetesObject
    private let endpoint: any NodeEndpoint

    /// - Parameter endpoint: that of the pod's node.
    public init(_ pod: KubernetesObject, at endpoint: any NodeEndpoint) {
        self.pod = pod
        self.endpoint = endpoint
    }

    /// Runs a program in a container of the pod.
    ///
    /// - Parameter wanted: with a container of the pod's.
    /// - Throws: `APIError` where the request is none for an upgrade, or no protocol is common.
    public func exec(_ request: HTTPRequest, _ wanted: ContainerRequest) throws(APIError) -> HTTPResponse {
        guard !wanted.command.isEmpty else {
            throw APIError.badRequest("you must specify at least one command for the container")
        }
        return try container(request, wanted, isAttach: false)
    }

    /// Carries the streams of a container's main program. Parameters and errors as of ``exec(_:_:)``.
    public func attach(_ request: HTTPRequest, _ wanted: ContainerRequest) throws(APIError) -> HTTPResponse {
        var wanted = wanted
        wanted.command = []
        return try container(request, wanted, isAttach: true)
    }

    /// Carries connections to ports of the pod. Errors as of ``exec(_:_:)``.
    ///
    /// - Parameter ports: those that the request itself names, for clients that do not say it later: one connection to each.
    public func portForward(_ request: HTTPRequest, ports: [Int]) throws(APIError) -> HTTPResponse {
        let session = PortForwardSession(pod: pod, endpoint: endpoint)
        let channels = PortForwardChannels(pod: pod, endpoint: endpoint, ports: ports)
        return try upgrade(
            request, webSocket: [Self.tunnel] + (ports.isEmpty ? [] : [PortForwardChannels.subprotocol]),
            { socket in
                if socket.subprotocol == PortForwardChannels.subprotocol {
                    try await channels.run(socket)
                } else {
                    await session.run(SPDYPeer(socket))
                }
            },
            spdy: [PortForwardCall.subprotocol], { peer, _ in await session.run(peer) })
    }

    /// The ports that a query names, one or several in each value.
    public static func ports(_ values: [String]) throws(APIError) -> [Int] {
        var ports: [Int] = []
        for text in values.flatMap({ $0.split(separator: ",", omittingEmptySubsequences: false) }) {
            guard let port = Int(text), (1...65535).contains(port) else {
                throw APIError.badRequest("port \"\(text)\" is not a port: use 1 to 65535")
            }
            ports.append(port)
        }
        guard ports.count <= PortForwardChannels.maxPorts else {
            throw APIError.badRequest(
                "\(ports.count) ports are too many: at most \(PortForwardChannels.maxPorts) at once")
        }
        return ports
    }

    private func container(
        _ request: HTTPRequest, _ wanted: ContainerRequest, isAttach: Bool
    ) throws(APIError) -> HTTPResponse {
        guard wanted.standardInput || wanted.standardOutput || wanted.standardError else {
            throw APIError.badRequest("you must specify at least 1 of stdin, stdout, stderr")
        }
        var wanted = wanted
        if wanted.terminal { wanted.standardError = false }
        let session = ContainerSession(pod: pod, request: wanted, endpoint: endpoint, isAttach: isAttach)
        return try upgrade(
            request, webSocket: ChannelMessage.subprotocols, { try await session.run($0) },
            spdy: SPDYContainerStreams.subprotocols, { try await session.run($0, subprotocol: $1) })
    }

    private func upgrade(
        _ request: HTTPRequest, webSocket: [String],
        _ runWebSocket: @escaping @Sendable (WebSocketConnection) async throws -> Void, spdy: [String],
        _ runSPDY: @escaping @Sendable (SPDYPeer, _ subprotocol: String) async throws -> Void
    ) throws(APIError) -> HTTPResponse {
        if WebSocketUpgrade.isAsked(by: request) {
            guard let upgrade = WebSocketUpgrade(request, subprotocols: webSocket, runWebSocket) else {
                throw APIError.badRequest(
                    "unable to upgrade: the WebSocket handshake is malformed, or offers none of the subprotocols "
                        + webSocket.joined(separator: ", "))
            }
            return upgrade.response
        }
        guard HTTPUpgrade.isAsked(Self.spdy, by: request) else { throw APIError.badRequest("Upgrade request required") }
        let offered = request.headers[canonicalForm: Self.versionHeader].map { String($0) }
        guard let subprotocol = spdy.first(where: { offered.contains($0) }) else {
            throw APIError(
                code: 403, reason: .forbidden,
                message: "unable to upgrade: the client speaks [\(offered.joined(separator: " "))] over SPDY, "
                    + "and the server [\(spdy.joined(separator: " "))]")
        }
        return HTTPUpgrade(to: Self.spdy, headers: [Self.versionHeader: subprotocol]) { connection in
            try await runSPDY(SPDYPeer(connection), subprotocol)
        }.response
    }
}
