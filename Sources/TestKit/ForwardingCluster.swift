public import ClusterAPI
public import JSONTree
public import KubernetesModel

/// A cluster that passes everything on to another one, but for what a test has it do otherwise.
public protocol ForwardingCluster: ClusterAPI {
    associatedtype Base: ClusterAPI
    var base: Base { get }
}

extension ForwardingCluster {
    public func get(_ type: ResourceType, namespace: String?, name: String) async throws -> KubernetesObject {
        try await base.get(type, namespace: namespace, name: name)
    }

    public func list(_ type: ResourceType, namespace: String?, _ options: ListOptions) async throws -> ObjectList {
        try await base.list(type, namespace: namespace, options)
    }

    public func watch(_ type: ResourceType, namespace: String?, _ options: WatchOptions) async throws
        -> AsyncThrowingStream<WatchEvent, any Error>
    { try await base.watch(type, namespace: namespace, options) }

    public func create(_ type: ResourceType, _ object: KubernetesObject, _ options: WriteOptions) async throws
        -> KubernetesObject
    { try await base.create(type, object, options) }

    public func update(_ type: ResourceType, _ object: KubernetesObject, subresource: String?, _ options: WriteOptions)
        async throws -> KubernetesObject
    { try await base.update(type, object, subresource: subresource, options) }

    public func patch(
        _ type: ResourceType, namespace: String?, name: String, _ patch: Patch, subresource: String?,
        _ options: WriteOptions
    ) async throws -> KubernetesObject {
        try await base.patch(type, namespace: namespace, name: name, patch, subresource: subresource, options)
    }

    public func delete(_ type: ResourceType, namespace: String?, name: String, _ options: DeleteOptions) async throws {
        try await base.delete(type, namespace: namespace, name: name, options)
    }

    public func createSubresource(
        _ type: ResourceType, namespace: String?, name: String, subresource: String, _ body: JSON
    ) async throws -> JSON {
        try await base.createSubresource(type, namespace: namespace, name: name, subresource: subresource, body)
    }

    public func podLogs(namespace: String, name: String, _ options: LogOptions) async throws
        -> AsyncThrowingStream<[UInt8], any Error>
    { try await base.podLogs(namespace: namespace, name: name, options) }

    public func exec(
        namespace: String, name: String, _ request: ContainerRequest, _ client: ContainerStreams
    ) async throws -> Int { try await base.exec(namespace: namespace, name: name, request, client) }

    public func attach(
        namespace: String, name: String, _ request: ContainerRequest, _ client: ContainerStreams
    ) async throws { try await base.attach(namespace: namespace, name: name, request, client) }

    public func forward(namespace: String, name: String, port: Int, _ client: ByteStreams) async throws {
        try await base.forward(namespace: namespace, name: name, port: port, client)
    }
}
