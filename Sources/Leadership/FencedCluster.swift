public import ClusterAPI
public import JSONTree
public import KubernetesModel

/// A cluster that takes writes from the leader only: reads and streams pass, writes are refused while the fence is shut.
///
/// A refusal looks like a cluster that is away, which everybody knows how to wait for.
public struct FencedCluster: ClusterAPI {
    private let cluster: any ClusterAPI
    private let fence: LeaseFence

    public init(_ cluster: any ClusterAPI, fence: LeaseFence) {
        self.cluster = cluster
        self.fence = fence
    }

    private func check() throws(ClusterUnreachable) {
        guard fence.isOpen else {
            throw ClusterUnreachable(
                "this replica does not lead, or has not heard for too long that it does: nothing is written")
        }
    }

    public func get(_ type: ResourceType, namespace: String?, name: String) async throws -> KubernetesObject {
        try await cluster.get(type, namespace: namespace, name: name)
    }

    public func list(_ type: ResourceType, namespace: String?, _ options: ListOptions) async throws -> ObjectList {
        try await cluster.list(type, namespace: namespace, options)
    }

    public func watch(
        _ type: ResourceType, namespace: String?, _ options: WatchOptions
    ) async throws -> AsyncThrowingStream<WatchEvent, any Error> {
        try await cluster.watch(type, namespace: namespace, options)
    }

    public func create(
        _ type: ResourceType, _ object: KubernetesObject, _ options: WriteOptions
    ) async throws -> KubernetesObject {
        try check()
        return try await cluster.create(type, object, options)
    }

    public func update(
        _ type: ResourceType, _ object: KubernetesObject, subresource: String?, _ options: WriteOptions
    ) async throws -> KubernetesObject {
        try check()
        return try await cluster.update(type, object, subresource: subresource, options)
    }

    public func patch(
        _ type: ResourceType, namespace: String?, name: String, _ patch: Patch, subresource: String?,
        _ options: WriteOptions
    ) async throws -> KubernetesObject {
        try check()
        return try await cluster.patch(
            type, namespace: namespace, name: name, patch, subresource: subresource, options)
    }

    public func delete(_ type: ResourceType, namespace: String?, name: String, _ options: DeleteOptions) async throws {
        try check()
        try await cluster.delete(type, namespace: namespace, name: name, options)
    }

    public func createSubresource(
        _ type: ResourceType, namespace: String?, name: String, subresource: String, _ body: JSON
    ) async throws -> JSON {
        try check()
        return try await cluster.createSubresource(
            type, namespace: namespace, name: name, subresource: subresource, body)
    }

    public func podLogs(
        namespace: String, name: String, _ options: LogOptions
    ) async throws -> AsyncThrowingStream<[UInt8], any Error> {
        try await cluster.podLogs(namespace: namespace, name: name, options)
    }

    public func exec(
        namespace: String, name: String, _ request: ContainerRequest, _ client: ContainerStreams
    ) async throws -> Int {
        try check()
        return try await cluster.exec(namespace: namespace, name: name, request, client)
    }

    public func attach(
        namespace: String, name: String, _ request: ContainerRequest, _ client: ContainerStreams
    ) async throws {
        try check()
        try await cluster.attach(namespace: namespace, name: name, request, client)
    }

    public func forward(namespace: String, name: String, port: Int, _ client: ByteStreams) async throws {
        try check()
        try await cluster.forward(namespace: namespace, name: name, port: port, client)
    }
}
