import ClusterAPI
import KubernetesModel
import Logging
import Synchronization

/// One informer a resource type, shared by all controllers; types can be added and dropped while it runs.
final class InformerSet: Sendable {
    private struct Entry {
        let informer: Informer
        /// Ends the informer's run when it finishes.
        let stop: AsyncStream<Void>.Continuation
        let stopped: AsyncStream<Void>
    }

    private let cluster: any ClusterAPI
    private let logger: Logger
    private let entries = Mutex<[ResourceType: Entry]>([:])
    private let starts: AsyncStream<ResourceType>
    private let start: AsyncStream<ResourceType>.Continuation

    init(_ cluster: any ClusterAPI, logger: Logger) {
        self.cluster = cluster
        self.logger = logger
        (starts, start) = AsyncStream.makeStream()
    }

    /// The informer of a type, made where there is none yet; it fills once the set runs.
    ///
    /// - Parameter prepare: adds handlers and indexes to a new informer before it starts; not called for one that exists.
    @discardableResult
    func informer(_ type: ResourceType, prepare: (Informer) -> Void = { _ in }) -> Informer {
        if let known = entries.withLock({ $0[type]?.informer }) { return known }
        let informer = Informer(cluster, type, logger: logger)
        prepare(informer)
        let (stopped, stop) = AsyncStream<Void>.makeStream()
        let winner = entries.withLock { entries -> (informer: Informer, isNew: Bool) in
            if let known = entries[type]?.informer { return (known, false) }
            entries[type] = Entry(informer: informer, stop: stop, stopped: stopped)
            return (informer, true)
        }
        if winner.isNew { start.yield(type) }
        return winner.informer
    }

    /// Whether the set has an informer of the type.
    func contains(_ type: ResourceType) -> Bool { entries.withLock { $0[type] != nil } }

    /// Stops following a type that is served no longer.
    func drop(_ type: ResourceType) { entries.withLock { $0.removeValue(forKey: type) }?.stop.finish() }

    /// Follows all types, those added later too, until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await type in starts {
                guard let entry = entries.withLock({ $0[type] }) else { continue }
                group.addTask {
                    await withTaskGroup(of: Void.self) { race in
                        race.addTask { await entry.informer.run() }
                        race.addTask { for await _ in entry.stopped {} }
                        _ = await race.next()
                        race.cancelAll()
                    }
                }
            }
        }
    }
}
