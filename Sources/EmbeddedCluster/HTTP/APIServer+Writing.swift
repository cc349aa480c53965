import ClusterAPI
import HTTPTransport
import JSONTree
import KubernetesModel
import NIOCore
import NIOHTTP1

extension APIServer {
    /// Everything that is not at hand: writes, watches, logs.
    func write(
        _ path: RequestPath.Resource, _ request: HTTPRequest, _ parameters: RequestParameters, _ user: UserIdentity
    ) async throws -> HTTPResponse {
        let definition = try definition(path)
        guard !definition.type.isNamespaced || path.namespace != nil || path.name == nil else {
            throw ResourcePipeline.notServed
        }
        if path.subresource == "proxy", definition.subresources.contains(.proxy) {
            return try await proxy(definition, path, request)
        }
        if let streaming = try stream(definition, path, request, parameters) { return streaming }
        var context = WriteContext(user: user, options: try parameters.write())
        context.userAgent = request.headers.first(name: "User-Agent") ?? "unknown"
        switch request.method {
        case .GET, .HEAD:
            if path.subresource == "log", let name = path.name, definition.subresources.contains(.log) {
                return try await logs(path.namespace ?? "", name, parameters)
            }
            // What a resource does not have is not there, and what it has is not read like this.
            _ = try pipeline.known(path.subresource, of: definition)
            guard path.subresource == nil else { throw ResourcePipeline.methodNotAllowed }
            return try watch(definition, path, request, parameters)
        case .POST: return try await post(definition, path, request, parameters, context)
        case .PUT: return try await put(definition, path, request, parameters, context)
        case .PATCH: return try await patch(definition, path, request, parameters, context)
        case .DELETE: return try await delete(definition, path, request, parameters, context)
        default: throw ResourcePipeline.methodNotAllowed
        }
    }

    private func answer(_ result: WriteResult, _ encoder: ObjectEncoder) -> HTTPResponse {
        Answer.json(
            encoder.object(result.object), status: result.isCreated ? .created : .ok, warnings: result.warnings)
    }

    private func post(
        _ definition: ResourceDefinition, _ path: RequestPath.Resource, _ request: HTTPRequest,
        _ parameters: RequestParameters, _ context: WriteContext
    ) async throws(APIError) -> HTTPResponse {
        let (body, duplicates) = try RequestBody.object(request, definition.type)
        var context = context
        context.duplicates = duplicates
        if let name = path.name {
            guard let subresource = path.subresource else { throw ResourcePipeline.methodNotAllowed }
            let answer = try await pipeline.createSubresource(
                definition, namespace: path.namespace, name: name, subresource, body, context)
            return Answer.json(answer, status: .created)
        }
        guard !definition.type.isNamespaced || path.namespace != nil else { throw ResourcePipeline.methodNotAllowed }
        let result = try await pipeline.create(definition, namespace: path.namespace ?? "", body, context)
        return answer(result, try encoder(definition, request, parameters))
    }

    private func put(
        _ definition: ResourceDefinition, _ path: RequestPath.Resource, _ request: HTTPRequest,
        _ parameters: RequestParameters, _ context: WriteContext
    ) async throws(APIError) -> HTTPResponse {
        guard let name = path.name else { throw ResourcePipeline.methodNotAllowed }
        let (body, duplicates) = try RequestBody.object(request, definition.type)
        var context = context
        context.duplicates = duplicates
        let answer = try await pipeline.updateAny(
            definition, namespace: path.namespace, name: name, path.subresource, body, context)
        return Answer.json(
            .bytes(answer.text.buffer), status: answer.isCreated ? .created : .ok, warnings: answer.warnings)
    }

    private func patch(
        _ definition: ResourceDefinition, _ path: RequestPath.Resource, _ request: HTTPRequest,
        _ parameters: RequestParameters, _ context: WriteContext
    ) async throws(APIError) -> HTTPResponse {
        guard let name = path.name else { throw ResourcePipeline.methodNotAllowed }
        let subresource = try pipeline.known(path.subresource, of: definition)
        let (patch, duplicates) = try RequestBody.patch(request)
        try OwnershipRules.check(context.options, isApply: patch.form == .apply, kind: "PatchOptions")
        var context = context
        context.duplicates = duplicates
        if subresource == "scale" {
            return Answer.json(
                try await pipeline.setScale(
                    definition, namespace: path.namespace, name: name, patch, .null, context))
        }
        guard subresource == nil || subresource == "status" else { throw ResourcePipeline.methodNotAllowed }
        let result = try await pipeline.patchOrApply(
            definition, namespace: path.namespace, name: name, subresource: subresource, patch, context)
        return answer(result, try encoder(definition, request, parameters))
    }

    private func delete(
        _ definition: ResourceDefinition, _ path: RequestPath.Resource, _ request: HTTPRequest,
        _ parameters: RequestParameters, _ context: WriteContext
    ) async throws(APIError) -> HTTPResponse {
        let options = try parameters.deletion(try DeleteOptions(try RequestBody.deletion(request)))
        let encoder = try encoder(definition, request, parameters)
        guard let name = path.name else {
            guard !definition.type.isNamespaced || path.namespace != nil, definition.verbs.contains("deletecollection")
            else { throw ResourcePipeline.methodNotAllowed }
            let page = try await pipeline.deleteCollection(
                definition, namespace: path.namespace, try parameters.selection(for: definition), options, context)
            return Answer.json(encoder.list(page))
        }
        guard path.subresource == nil else { throw ResourcePipeline.methodNotAllowed }
        let result = try await pipeline.delete(
            definition, namespace: path.namespace, name: name, options, context)
        switch result {
        case .marked(let object): return Answer.json(encoder.object(object))
        case .removed(let object):
            if definition.returnsDeleted { return Answer.json(encoder.object(object)) }
            var details: JSON = ["name": .string(name)]
            if !definition.type.group.isEmpty { details["group"] = .string(definition.type.group) }
            details["kind"] = .string(definition.type.plural)
            details["uid"] = .string(object.object.uid)
            return Answer.json([
                "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "details": details,
            ])
        }
    }

    // MARK: Streams

    private func watch(
        _ definition: ResourceDefinition, _ path: RequestPath.Resource, _ request: HTTPRequest,
        _ parameters: RequestParameters
    ) throws(APIError) -> HTTPResponse {
        let encoder = try encoder(definition, request, parameters)
        var query = try parameters.watch(for: definition)
        if let name = path.name {
            // A watch of one object is a watch of the collection that selects its name.
            query.selection.fields = FieldSelector(
                terms: query.selection.fields.terms
                    + [FieldSelector.Term(field: "metadata.name", value: name, isEqual: true) { $0.name }])
        }
        let stream: WatchStream
        do throws(APIError) {
            stream = try pipeline.watch(definition, namespace: path.namespace, query)
        } catch {
            // As the watch cache says it: within the stream.
            guard error.isExpired else { throw error }
            var bytes = ByteBuffer()
            ObjectEncoder.failure(error, into: &bytes)
            return Answer.json(.bytes(bytes))
        }
        return HTTPResponse(
            status: .ok, headers: ["Content-Type": "application/json", "Cache-Control": "no-cache, private"],
            body: .stream { writer in try await Self.send(stream, encoder, to: writer) })
    }

    /// At most this many bytes of events go out in one piece, so that a long beginning does not pile up in memory.
    private static let piece = 64 * 1024

    private static func send(_ stream: WatchStream, _ encoder: ObjectEncoder, to writer: HTTPBodyWriter) async throws {
        var isFirst = true
        var changes: [WatchStream.Change]? = stream.initial
        while let now = changes {
            var bytes = ByteBuffer()
            for change in now {
                encoder.event(change, isFirst: isFirst, into: &bytes)
                isFirst = false
                if bytes.readableBytes >= piece {
                    try await writer.write(bytes)
                    bytes.clear()
                }
            }
            try await writer.write(bytes)
            changes = await stream.next()
        }
    }

    private func logs(
        _ namespace: String, _ name: String, _ parameters: RequestParameters
    ) async throws -> HTTPResponse {
        let log = try await pipeline.podLogs(namespace: namespace, name: name, try parameters.log())
        return HTTPResponse(
            status: .ok, headers: ["Content-Type": "text/plain", "Cache-Control": "no-cache, private"],
            body: .stream { writer in
                for try await piece in log { try await writer.write(ByteBuffer(bytes: piece)) }
            })
    }
}
