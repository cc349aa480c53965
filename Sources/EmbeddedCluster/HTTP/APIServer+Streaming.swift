import ClusterAPI
import HTTPTransport
import KubernetesModel
import NIOHTTP1
import PodSessions

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
            let pod = try pod(definition, path, name, request)
            var wanted = parameters.containerRequest()
            wanted.container = try PodContainers.choose(wanted.container, of: pod)
            let visit = PodVisit(pod, at: try pipeline.nodeEndpoint(of: pod))
            return subresource == .attach ? try visit.attach(request, wanted) : try visit.exec(request, wanted)
        case .portforward:
            let pod = try pod(definition, path, name, request)
            let ports = try PodVisit.ports(parameters.all("ports"))
            return try PodVisit(pod, at: try pipeline.nodeEndpoint(of: pod)).portForward(request, ports: ports)
        case .status, .scale, .binding, .eviction, .log, .finalize, .token, .proxy: return nil
        }
    }

    private func pod(
        _ definition: ResourceDefinition, _ path: RequestPath.Resource, _ name: String, _ request: HTTPRequest
    ) throws(APIError) -> KubernetesObject {
        guard request.method == .GET || request.method == .POST else { throw ResourcePipeline.methodNotAllowed }
        return try pipeline.get(definition, namespace: path.namespace, name: name).object
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
