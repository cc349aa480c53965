import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import TestKit

/// A cluster as a program sees it that may be killed at each write. The cluster itself lives on.
struct DurableCluster: ClusterAPI {
    let base: FakeCluster
    let life: Life
    let reach: Reach
    /// Told of each deletion before it is done.
    var deleting: (@Sendable (ResourceType, String, DeleteOptions) -> Void)?
    /// Told of the reason of each event that is recorded.
    var recording: (@Sendable (String) -> Void)?

    private func check() throws {
        try life.check()
        if reach.isAway { throw ClusterUnreachable("the API server is down") }
    }

    private func store<Result>(_ body: () async throws -> Result) async throws -> Result {
        try check()
        return try await life.store(body)
    }

    func get(_ type: ResourceType, namespace: String?, name: String) async throws -> KubernetesObject {
        try check()
        return try await base.get(type, namespace: namespace, name: name)
    }

    func list(_ type: ResourceType, namespace: String?, _ options: ListOptions) async throws -> ObjectList {
        try check()
        return try await base.list(type, namespace: namespace, options)
    }

    func watch(_ type: ResourceType, namespace: String?, _ options: WatchOptions) async throws
        -> AsyncThrowingStream<WatchEvent, any Error>
    {
        try check()
        return try await base.watch(type, namespace: namespace, options)
    }

    func create(_ type: ResourceType, _ object: KubernetesObject, _ options: WriteOptions) async throws
        -> KubernetesObject
    {
        // Events explain, and hold nothing up: no step of any exchange.
        if type == .coreEvents {
            object.json["reason"]?.string.map { recording?($0) }
            return object
        }
        return try await store { try await base.create(type, object, options) }
    }

    func update(_ type: ResourceType, _ object: KubernetesObject, subresource: String?, _ options: WriteOptions)
        async throws -> KubernetesObject
    {
        try await store { try await base.update(type, object, subresource: subresource, options) }
    }

    func patch(
        _ type: ResourceType, namespace: String?, name: String, _ patch: Patch, subresource: String?,
        _ options: WriteOptions
    ) async throws -> KubernetesObject {
        if type == .coreEvents { return KubernetesObject(.coreEvents, name: name) }
        return try await store {
            try await base.patch(type, namespace: namespace, name: name, patch, subresource: subresource, options)
        }
    }

    func delete(_ type: ResourceType, namespace: String?, name: String, _ options: DeleteOptions) async throws {
        deleting?(type, name, options)
        try await store { try await base.delete(type, namespace: namespace, name: name, options) }
    }

    func createSubresource(
        _ type: ResourceType, namespace: String?, name: String, subresource: String, _ body: JSON
    ) async throws -> JSON {
        try await store {
            try await base.createSubresource(type, namespace: namespace, name: name, subresource: subresource, body)
        }
    }

    func podLogs(namespace: String, name: String, _ options: LogOptions) async throws
        -> AsyncThrowingStream<[UInt8], any Error>
    {
        try check()
        return try await base.podLogs(namespace: namespace, name: name, options)
    }
}

extension DurableCluster {
    /// A token that is not needed goes with the first connection, as the links have it.
    func forgetToken(of name: String, _ direction: PeeringDirection) async {
        _ = try? await deleteIfPresent(
            .secrets, namespace: Names.systemNamespace, name: Names.tokenSecret(foreignCluster: name, direction))
    }
}
