import ClusterAPI
import JSONTree
import KubernetesModel

/// The cluster without HTTP between: the same pipeline, on behalf of one user.
struct InProcessClusterAPI: ClusterAPI {
    let pipeline: ResourcePipeline
    let user: UserIdentity

    private func context(_ options: WriteOptions = WriteOptions()) -> WriteContext {
        WriteContext(user: user, options: options)
    }

    func get(_ type: ResourceType, namespace: String?, name: String) async throws -> KubernetesObject {
        try pipeline.get(try pipeline.definition(type), namespace: namespace, name: name).object
    }

    func list(_ type: ResourceType, namespace: String?, _ options: ListOptions) async throws -> ObjectList {
        let definition = try pipeline.definition(type)
        var query = try ListQuery(labels: options.labelSelector, fields: options.fieldSelector, for: definition)
        query.limit = options.limit
        query.continuation = options.continuation
        let page = try pipeline.list(definition, namespace: namespace, query)
        return ObjectList(
            items: page.items.map(\.object), resourceVersion: String(page.revision), continuation: page.continuation)
    }

    func watch(
        _ type: ResourceType, namespace: String?, _ options: WatchOptions
    ) async throws -> AsyncThrowingStream<WatchEvent, any Error> {
        let definition = try pipeline.definition(type)
        var query = WatchQuery()
        query.selection = try ListQuery(
            labels: options.labelSelector, fields: options.fieldSelector, for: definition)
        query.resourceVersion = options.resourceVersion
        query.allowsBookmarks = options.allowsBookmarks
        query.timeoutSeconds = options.timeoutSeconds
        let reader = WatchReader(try pipeline.watch(definition, namespace: namespace, query))
        return AsyncThrowingStream { await reader.next() }
    }

    func create(
        _ type: ResourceType, _ object: KubernetesObject, _ options: WriteOptions
    ) async throws -> KubernetesObject {
        try await pipeline.create(
            try pipeline.definition(type), namespace: nil, object.json, context(options)
        ).object.object
    }

    func update(
        _ type: ResourceType, _ object: KubernetesObject, subresource: String?, _ options: WriteOptions
    ) async throws -> KubernetesObject {
        let definition = try pipeline.definition(type)
        let answer = try await pipeline.updateAny(
            definition, namespace: object.namespace, name: object.name, subresource, object.json, context(options))
        return answer.object
    }

    func patch(
        _ type: ResourceType, namespace: String?, name: String, _ patch: Patch, subresource: String?,
        _ options: WriteOptions
    ) async throws -> KubernetesObject {
        let definition = try pipeline.definition(type)
        if subresource == "scale" {
            return KubernetesObject(
                try await pipeline.setScale(
                    definition, namespace: namespace, name: name, patch, .null, context(options)))
        }
        return try await pipeline.patchOrApply(
            definition, namespace: namespace, name: name, subresource: try pipeline.known(subresource, of: definition),
            patch, context(options)
        ).object.object
    }

    func delete(_ type: ResourceType, namespace: String?, name: String, _ options: DeleteOptions) async throws {
        _ = try await pipeline.delete(
            try pipeline.definition(type), namespace: namespace, name: name, options, context())
    }

    func createSubresource(
        _ type: ResourceType, namespace: String?, name: String, subresource: String, _ body: JSON
    ) async throws -> JSON {
        try await pipeline.createSubresource(
            try pipeline.definition(type), namespace: namespace, name: name, subresource, body, context())
    }

    func podLogs(
        namespace: String, name: String, _ options: LogOptions
    ) async throws -> AsyncThrowingStream<[UInt8], any Error> {
        try await pipeline.podLogs(namespace: namespace, name: name, options)
    }

    func exec(
        namespace: String, name: String, _ request: ContainerRequest, _ client: ContainerStreams
    ) async throws -> Int {
        let (pod, request) = try pipeline.visited(namespace: namespace, name: name, request)
        return try await pipeline.nodeEndpoint(of: pod).exec(pod, request, client)
    }

    func attach(
        namespace: String, name: String, _ request: ContainerRequest, _ client: ContainerStreams
    ) async throws {
        let (pod, request) = try pipeline.visited(namespace: namespace, name: name, request)
        try await pipeline.nodeEndpoint(of: pod).attach(pod, request, client)
    }

    func forward(namespace: String, name: String, port: Int, _ client: ByteStreams) async throws {
        let pod = try pipeline.get(try pipeline.definition(.pods), namespace: namespace, name: name).object
        try await pipeline.nodeEndpoint(of: pod).forward(pod, port: port, client)
    }
}

/// Hands the changes of a watch out one by one.
private actor WatchReader {
    private let stream: WatchStream
    private var waiting: ArraySlice<WatchStream.Change>

    init(_ stream: WatchStream) {
        self.stream = stream
        waiting = stream.initial[...]
    }

    func next() async -> WatchEvent? {
        while waiting.isEmpty {
            guard let changes = await stream.next() else { return nil }
            waiting = changes[...]
        }
        switch waiting.removeFirst() {
        case .added(let object): return .added(object.object)
        case .modified(let object): return .modified(object.object)
        case .deleted(let object): return .deleted(object.object)
        case .bookmark(let revision, _): return .bookmark(resourceVersion: String(revision))
        }
    }
}
