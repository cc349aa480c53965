import ClusterAPI
import JSONTree
import KubernetesModel
import Synchronization
import TestKit

/// A cluster that notes what it is asked for.
final class CountedCluster: ForwardingCluster {
    let base: FakeCluster
    private let noted = Mutex<[String]>([])

    init(_ base: FakeCluster) { self.base = base }

    var calls: [String] { noted.withLock { $0 } }

    func get(_ type: ResourceType, namespace: String?, name: String) async throws -> KubernetesObject {
        noted.withLock { $0.append("get") }
        return try await base.get(type, namespace: namespace, name: name)
    }

    func list(_ type: ResourceType, namespace: String?, _ options: ListOptions) async throws -> ObjectList {
        noted.withLock { $0.append("list") }
        return try await base.list(type, namespace: namespace, options)
    }

    func update(_ type: ResourceType, _ object: KubernetesObject, subresource: String?, _ options: WriteOptions)
        async throws -> KubernetesObject
    {
        noted.withLock { $0.append("update") }
        return try await base.update(type, object, subresource: subresource, options)
    }
}
