import ClusterAPI
import HTTPTransport
import JSONTree
import KubernetesModel
import NIOCore
import NIOHTTP1

/// The HTTP front of a cluster: paths, parameters and bodies in, JSON out. What happens in between is the pipeline's.
///
/// Reads answer on the connection's event loop at once; writes, watches and logs run as tasks.
struct APIServer: HTTPResponder {
    let pipeline: ResourcePipeline
    let discovery: Discovery

    init(pipeline: ResourcePipeline) {
        self.pipeline = pipeline
        self.discovery = Discovery(pipeline: pipeline)
    }

    func respondImmediately(to request: HTTPRequest) -> HTTPResponse? {
        guard request.method == .GET || request.method == .HEAD else { return nil }
        let path = RequestPath(request.pathSegments)
        do throws(APIError) {
            if let health = Health.answer(path, request, isStoring: !pipeline.store.isClosed) { return health }
            let parameters = RequestParameters(request.query)
            let isWatch = parameters.flag("watch")
            try authorize(request, path, isWatch: isWatch)
            guard case .resource(let resource) = path else { return try discovery.answer(path, request) }
            // What lasts is not at hand.
            if isWatch || ["log", "exec", "attach", "portforward", "proxy"].contains(resource.subresource) {
                return nil
            }
            var answer = try read(resource, request, parameters)
            warn(&answer, resource)
            return answer
        } catch {
            return Answer.error(error)
        }
    }

    func respond(to request: HTTPRequest) async -> HTTPResponse {
        let path = RequestPath(request.pathSegments)
        do {
            let parameters = RequestParameters(request.query)
            let user = try authorize(request, path, isWatch: parameters.flag("watch"))
            guard case .resource(let resource) = path else { throw ResourcePipeline.notServed }
            if request.method == .POST, let review = try Reviews.answer(resource, request, user, now: pipeline.now()) {
                return review
            }
            var answer = try await write(resource, request, parameters, user)
            warn(&answer, resource)
            return answer
        } catch {
            return Answer.any(error)
        }
    }

    /// Tells the users of a version that is to go.
    private func warn(_ answer: inout HTTPResponse, _ path: RequestPath.Resource) {
        guard let warning = try? definition(path).custom?.deprecationWarning else { return }
        Answer.add(warning, to: &answer.headers)
    }

    /// As a Status, like every other failure.
    func refusal(_ status: HTTPResponseStatus, _ reason: String) -> HTTPResponse {
        Answer.error(.refused(Int(status.code), reason))
    }

    @discardableResult
    private func authorize(
        _ request: HTTPRequest, _ path: RequestPath, isWatch: Bool
    ) throws(APIError) -> UserIdentity {
        let user = try RequestUser.identify(request) { pipeline.user(ofToken: $0) }
        let verb = RequestUser.verb(request.method.rawValue, path, isWatch: isWatch)
        if case .resource(let resource) = path, Reviews.areFor(everybody: resource) { return user }
        try RequestUser.authorize(user, verb: verb, path, rawPath: request.path)
        return user
    }

    func definition(_ path: RequestPath.Resource) throws(APIError) -> ResourceDefinition {
        guard
            let definition = pipeline.registry.definition(
                group: path.group, version: path.version, plural: path.plural),
            definition.type.isNamespaced || path.namespace == nil
        else { throw ResourcePipeline.notServed }
        return definition
    }

    func encoder(
        _ definition: ResourceDefinition, _ request: HTTPRequest, _ parameters: RequestParameters
    ) throws(APIError) -> ObjectEncoder {
        let header = request.headers[canonicalForm: "accept"].joined(separator: ",")
        // A watch that begins with the list has its end marked on an object, for which a table has no place.
        let isStreamedList = parameters.flag("watch") && parameters.flag("sendInitialEvents")
        guard let form = AcceptedForm(header, allowsTables: !isStreamedList) else { throw AcceptedForm.notAcceptable }
        return ObjectEncoder(
            definition: definition, form: form,
            inclusion: Table.Inclusion(rawValue: parameters.text("includeObject")) ?? .metadata, now: pipeline.now())
    }

    // MARK: Reading

    private func read(
        _ path: RequestPath.Resource, _ request: HTTPRequest, _ parameters: RequestParameters
    ) throws(APIError) -> HTTPResponse {
        let definition = try definition(path)
        let encoder = try encoder(definition, request, parameters)
        guard let name = path.name else {
            let page = try pipeline.list(
                definition, namespace: path.namespace, try parameters.selection(for: definition))
            return Answer.json(encoder.list(page))
        }
        guard !definition.type.isNamespaced || path.namespace != nil else { throw ResourcePipeline.notServed }
        switch try pipeline.known(path.subresource, of: definition) {
        case nil, "status":
            return Answer.json(
                encoder.object(try pipeline.get(definition, namespace: path.namespace, name: name)))
        case "scale":
            return Answer.json(encoder.scale(try pipeline.scale(definition, namespace: path.namespace, name: name)))
        case .some: throw ResourcePipeline.methodNotAllowed
        }
    }
}
