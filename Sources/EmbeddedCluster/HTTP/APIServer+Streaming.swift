import ClusterAPI
import HTTPTransport
import KubernetesModel
import NIOCore
import NIOHTTP1

extension APIServer {
    /// Answers exec, attach and port-forward.
    ///
    /// - Returns: `nil` for every other request.
    func stream(
        _ definition: ResourceDefinition, _ path: RequestPath.Resource, _ request: HTTPRequest,
        _ parameters: RequestParameters
    ) throws(APIError) -> HTTPResponse? {
        guard let subresource = path.subresource.flatMap({ ResourceDefinition.Subresource(rawValue: $0) }),
            definition.subresources.contains(subresource), let name = path.name
        else { return nil }
        switch subresource {
        case .exec, .attach:
            return try container(subresource, try pod(definition, path, name, request), request, parameters)
        case .portforward:
            let pod = try pod(definition, path, name, request)
            let session = PortForwardSession(pod: pod, endpoint: try pipeline.nodeEndpoint(of: pod))
            return try upgrade(request, PortForwardSession.subprotocols) { try await session.run($0) }
        case .status, .scale, .binding, .eviction, .log, .finalize, .token, .proxy: return nil
        }
    }

    private func pod(
        _ definition: ResourceDefinition, _ path: RequestPath.Resource, _ name: String, _ request: HTTPRequest
    ) throws(APIError) -> KubernetesObject {
        guard request.method == .GET || request.method == .POST else { throw ResourcePipeline.methodNotAllowed }
        return try pipeline.get(definition, namespace: path.namespace, name: name).object
    }

    private func container(
        _ subresource: ResourceDefinition.Subresource, _ pod: KubernetesObject, _ request: HTTPRequest,
        _ parameters: RequestParameters
    ) throws(APIError) -> HTTPResponse {
        var wanted = parameters.containerRequest()
        guard subresource == .attach || !wanted.command.isEmpty else {
            throw APIError.badRequest("you must specify at least one command for the container")
        }
        guard wanted.standardInput || wanted.standardOutput || wanted.standardError else {
            throw APIError.badRequest("you must specify at least 1 of stdin, stdout, stderr")
        }
        if wanted.terminal { wanted.standardError = false }
        wanted.container = try PodContainers.choose(wanted.container, of: pod)
        let session = ContainerSession(
            pod: pod, request: wanted, endpoint: try pipeline.nodeEndpoint(of: pod), isAttach: subresource == .attach)
        return try upgrade(request, ChannelMessage.subprotocols) { try await session.run($0) }
    }

    private func upgrade(
        _ request: HTTPRequest, _ subprotocols: [String],
        _ run: @escaping @Sendable (WebSocketConnection) async throws -> Void
    ) throws(APIError) -> HTTPResponse {
        guard WebSocketUpgrade.isAsked(by: request) else { throw APIError.badRequest("Upgrade request required") }
        guard let upgrade = WebSocketUpgrade(request, subprotocols: subprotocols, run) else {
            throw APIError.badRequest(
                "unable to upgrade: the WebSocket handshake is malformed, or offers none of the subprotocols "
                    + subprotocols.joined(separator: ", "))
        }
        return upgrade.response
    }
}

extension RequestParameters {
    /// The parameters of exec and attach.
    func containerRequest() -> ContainerRequest {
        ContainerRequest(
            container: text("container"), command: self.all("command"), standardInput: flag("stdin"),
            standardOutput: flag("stdout"), standardError: flag("stderr"), terminal: flag("tty"))
    }
}
