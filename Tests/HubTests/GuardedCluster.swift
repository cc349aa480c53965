import ClusterAPI
import KubernetesModel
import Synchronization
import TestKit

/// A cluster that shows the Secrets of a namespace only where a RoleBinding lies.
final class GuardedCluster: ForwardingCluster {
    let base = FakeCluster()
    private let binding = Mutex(true)

    /// Whether RoleBindings may be made.
    var mayBind: Bool {
        get { binding.withLock { $0 } }
        set { binding.withLock { $0 = newValue } }
    }

    private func check(_ type: ResourceType, _ namespace: String?) async throws {
        guard type == .secrets else { return }
        let bindings = try await base.list(.roleBindings, namespace: namespace, ListOptions())
        guard bindings.items.isEmpty else { return }
        throw APIError.forbidden(type, "", "User cannot list resource \"secrets\" in the namespace")
    }

    func get(_ type: ResourceType, namespace: String?, name: String) async throws -> KubernetesObject {
        try await check(type, namespace)
        return try await base.get(type, namespace: namespace, name: name)
    }

    func list(_ type: ResourceType, namespace: String?, _ options: ListOptions) async throws -> ObjectList {
        try await check(type, namespace)
        return try await base.list(type, namespace: namespace, options)
    }

    func watch(_ type: ResourceType, namespace: String?, _ options: WatchOptions) async throws
        -> AsyncThrowingStream<WatchEvent, any Error>
    {
        try await check(type, namespace)
        return try await base.watch(type, namespace: namespace, options)
    }

    func create(_ type: ResourceType, _ object: KubernetesObject, _ options: WriteOptions) async throws
        -> KubernetesObject
    {
        if type == .roleBindings, !mayBind { throw APIError.forbidden(type, object.name, "not allowed") }
        return try await base.create(type, object, options)
    }
}
