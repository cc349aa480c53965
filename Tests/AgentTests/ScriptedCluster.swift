import ClusterAPI
import KubernetesModel
import Synchronization
import TestKit

/// A fake cluster that refuses what a test says and has logs.
final class ScriptedCluster: ForwardingCluster {
    let base = FakeCluster()
    private let refusal = Mutex<(@Sendable (ResourceType, KubernetesObject) -> APIError?)?>(nil)
    /// What was created and deleted, in order.
    private let writes = Mutex<[String]>([])

    var log: [String] { writes.withLock { $0 } }

    private let lost = Mutex<ResourceType?>(nil)
    private let held = Mutex<ResourceType?>(nil)

    /// From now on what is created of a resource is stored, and the answer is lost; `nil` for of none.
    func loseAnswers(to type: ResourceType?) { lost.withLock { $0 = type } }

    /// From now on lists of a resource wait; `nil` lets all through.
    func holdLists(of type: ResourceType?) { held.withLock { $0 = type } }

    func refuse(_ rule: (@Sendable (ResourceType, KubernetesObject) -> APIError?)?) {
        refusal.withLock { $0 = rule }
    }

    func list(_ type: ResourceType, namespace: String?, _ options: ListOptions) async throws -> ObjectList {
        while held.withLock({ $0 == type }) { try await Task.sleep(for: .milliseconds(5)) }
        return try await base.list(type, namespace: namespace, options)
    }

    func create(_ type: ResourceType, _ object: KubernetesObject, _ options: WriteOptions) async throws
        -> KubernetesObject
    {
        if let error = refusal.withLock({ $0 })?(type, object) { throw error }
        let result = try await base.create(type, object, options)
        writes.withLock { $0.append("create \(type.plural) \(object.key)") }
        if lost.withLock({ $0 == type }) { throw ClusterUnreachable("the answer was lost") }
        return result
    }

    func delete(_ type: ResourceType, namespace: String?, name: String, _ options: DeleteOptions) async throws {
        try await base.delete(type, namespace: namespace, name: name, options)
        writes.withLock {
            $0.append("delete \(type.plural) \(ObjectKey(namespace: namespace ?? "", name: name))")
        }
    }

    func podLogs(namespace: String, name: String, _ options: LogOptions) async throws
        -> AsyncThrowingStream<[UInt8], any Error>
    {
        AsyncThrowingStream { continuation in
            continuation.yield(Array("log of \(namespace)/\(name), tail \(options.tailLines ?? -1)".utf8))
            if !options.follow { continuation.finish() }
        }
    }
}
