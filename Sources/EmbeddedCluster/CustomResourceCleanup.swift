import ClusterAPI
import JSONTree
import KubernetesModel
import Logging

/// Ends custom resources: when a definition is deleted its objects go first, then the definition.
struct CustomResourceCleanup: Sendable {
    let pipeline: ResourcePipeline
    let logger: Logger
    private static let context = WriteContext(user: .cluster)

    /// Works until the task is cancelled or the store closes.
    func run() async throws {
        let definition = try pipeline.definition(.customResourceDefinitions)
        try await withThrowingDiscardingTaskGroup { group in
            while !Task.isCancelled, !pipeline.store.isClosed {
                let stream = try pipeline.watch(definition, namespace: nil, WatchQuery())
                var changes: [WatchStream.Change]? = stream.initial
                while let now = changes {
                    // Each on its own: one whose objects are held must not hold up the others.
                    for change in now { group.addTask { await handle(change) } }
                    changes = await stream.next()
                }
            }
            group.cancelAll()
        }
    }

    private func handle(_ change: WatchStream.Change) async {
        switch change {
        case .added(let stored), .modified(let stored):
            let object = stored.object
            guard object.isBeingDeleted, object.finalizers.contains(CustomResources.cleanupFinalizer) else { return }
            do {
                try await finish(object)
            } catch {
                logger.warning(
                    "custom resource definition not cleaned up",
                    metadata: ["definition": "\(object.name)", "error": "\(error)"])
            }
        case .deleted(let stored):
            if let group = stored.object.spec["group"]?.string,
                let plural = stored.object.spec["names", "plural"]?.string
            {
                pipeline.store.endFollowers(of: ResourceID(group: group, plural: plural))
            }
        case .bookmark: break
        }
    }

    /// Deletes the objects, waits until finalizers have let them go, and lets the definition go.
    private func finish(_ object: KubernetesObject) async throws {
        guard let served = CustomResources.definitions(of: object).first else { return try await release(object) }
        // Follow first, so that no deletion is missed between the look and the wait.
        var query = WatchQuery()
        query.resourceVersion = String(pipeline.store.revision)
        let stream = try pipeline.watch(served, namespace: nil, query)
        _ = try await pipeline.deleteCollection(served, namespace: nil, ListQuery(), DeleteOptions(), Self.context)
        while try !pipeline.list(served, namespace: nil, ListQuery()).items.isEmpty {
            guard await stream.next() != nil else { return }
        }
        try await release(object)
    }

    private func release(_ object: KubernetesObject) async throws {
        let definition = try pipeline.definition(.customResourceDefinitions)
        _ = try await pipeline.modify(
            definition, definition.reference(namespace: nil, name: object.name), nil, Self.context
        ) { (current) throws(APIError) in
            var current = current
            current.finalizers.removeAll { $0 == CustomResources.cleanupFinalizer }
            return current
        }
    }
}
