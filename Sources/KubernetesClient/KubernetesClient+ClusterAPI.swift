public import ClusterAPI
import HTTPTransport
public import JSONTree
public import KubernetesModel
import NIOCore
import NIOHTTP1

extension KubernetesClient: ClusterAPI {
    public func get(_ type: ResourceType, namespace: String?, name: String) async throws -> KubernetesObject {
        let served = try await served(type)
        return KubernetesObject(try await json(APIRequest(.GET, served, namespace: namespace, name: name))).named(type)
    }

    public func create(
        _ type: ResourceType, _ object: KubernetesObject, _ options: WriteOptions
    ) async throws -> KubernetesObject {
        let namespace = object.namespace.isEmpty ? nil : object.namespace
        if type.isNamespaced, namespace == nil {
            throw APIError.badRequest("\(type.groupResource) \"\(object.name)\": metadata.namespace is missing")
        }
        let served = try await served(type)
        var request = try APIRequest(.POST, served, namespace: namespace, query: query(options))
        request.body = object.named(served).json
        return KubernetesObject(try await json(request)).named(type)
    }

    public func update(
        _ type: ResourceType, _ object: KubernetesObject, subresource: String?, _ options: WriteOptions
    ) async throws -> KubernetesObject {
        let namespace = object.namespace.isEmpty ? nil : object.namespace
        let served = try await served(type)
        var request = try APIRequest(
            .PUT, served, namespace: namespace, name: object.name, subresource: subresource,
            body: subresource == nil || subresource == "status" ? object.named(served).json : object.json)
        request.query = query(options)
        return KubernetesObject(try await json(request)).named(type)
    }

    public func patch(
        _ type: ResourceType, namespace: String?, name: String, _ patch: Patch, subresource: String?,
        _ options: WriteOptions
    ) async throws -> KubernetesObject {
        let served = try await served(type)
        var request = try APIRequest(
            .PATCH, served, namespace: namespace, name: name, subresource: subresource, body: patch.body)
        request.contentType = patch.form.rawValue
        request.query = query(options)
        if patch.form == .apply {
            request.query.append("force", options.force ? "true" : "false")
            request.body = KubernetesObject(patch.body).named(served).json
        }
        return KubernetesObject(try await json(request)).named(type)
    }

    public func delete(
        _ type: ResourceType, namespace: String?, name: String, _ options: DeleteOptions
    ) async throws {
        var body: JSON = ["kind": "DeleteOptions", "apiVersion": "v1"]
        if let seconds = options.gracePeriodSeconds { body["gracePeriodSeconds"] = JSON(seconds) }
        if let propagation = options.propagation { body["propagationPolicy"] = .string(propagation.rawValue) }
        if let uid = options.uid { body["preconditions", "uid"] = .string(uid) }
        if let version = options.resourceVersion { body["preconditions", "resourceVersion"] = .string(version) }
        if options.isDryRun { body["dryRun"] = ["All"] }
        _ = try await json(APIRequest(.DELETE, served(type), namespace: namespace, name: name, body: body))
    }

    public func createSubresource(
        _ type: ResourceType, namespace: String?, name: String, subresource: String, _ body: JSON
    ) async throws -> JSON {
        try await json(
            APIRequest(.POST, served(type), namespace: namespace, name: name, subresource: subresource, body: body))
    }

    public func podLogs(
        namespace: String, name: String, _ options: LogOptions
    ) async throws -> AsyncThrowingStream<[UInt8], any Error> {
        var request = try APIRequest(.GET, .pods, namespace: namespace, name: name, subresource: "log")
        request.accept = "*/*"
        if !options.container.isEmpty { request.query.append("container", options.container) }
        if options.follow { request.query.append("follow", "true") }
        if options.previous { request.query.append("previous", "true") }
        if options.timestamps { request.query.append("timestamps", "true") }
        if let lines = options.tailLines { request.query.append("tailLines", String(lines)) }
        if let seconds = options.sinceSeconds { request.query.append("sinceSeconds", String(seconds)) }
        if let time = options.sinceTime { request.query.append("sinceTime", time) }
        if let bytes = options.limitBytes { request.query.append("limitBytes", String(bytes)) }
        let stream = try await stream(request, silenceLimit: nil)
        let pieces = stream.body.makeAsyncIterator()
        // Pulled, so that a reader that is behind leaves the rest with the server.
        return AsyncThrowingStream {
            do {
                return try await pieces.next().map { Array($0.readableBytesView) }
            } catch {
                throw self.explain(error)
            }
        }
    }

    private func query(_ options: WriteOptions) -> HTTPQuery {
        var query = HTTPQuery()
        query.append("fieldManager", options.fieldManager.isEmpty ? configuration.userAgent : options.fieldManager)
        if options.isDryRun { query.append("dryRun", "All") }
        if let validation = options.fieldValidation { query.append("fieldValidation", validation.rawValue) }
        return query
    }
}

extension KubernetesObject {
    /// The same object under the name of this version of its resource; another kind, such as a `Scale`, stays what it is.
    func named(_ type: ResourceType) -> KubernetesObject {
        guard apiVersion != type.apiVersion, kind == type.kind, apiVersion.hasPrefix("\(type.group)/") else {
            return self
        }
        var object = self
        object.json["apiVersion"] = .string(type.apiVersion)
        return object
    }
}
