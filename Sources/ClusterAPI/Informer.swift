import JSONTree
public import KubernetesModel
public import Logging
import Synchronization

/// A change that an informer saw: `old` is `nil` for a new object, `new` for one that is gone.
public struct InformerChange: Sendable {
    public let old: KubernetesObject?
    public let new: KubernetesObject?

    public init(old: KubernetesObject?, new: KubernetesObject?) {
        self.old = old
        self.new = new
    }

    /// The object, as it is or as it was last.
    public var object: KubernetesObject { new ?? old ?? KubernetesObject(.null) }
    public var key: ObjectKey { object.key }
}

/// A local, current copy of one collection: lists once, then watches, and lists again when the watch lost its place.
///
/// Readers see every change in the server's order, at some delay. Handlers run on the informer's task, in order, each change
/// once: they must be quick, mostly adding a key to a work queue. When the cluster is away the copy stays as it was.
public final class Informer: Sendable {
    public let type: ResourceType
    public let namespace: String?

    private let cluster: any ClusterAPI
    let labelSelector: String
    private let fieldSelector: String
    private let logger: Logger
    private let backOff: BackOff
    private let clock: any Clock<Duration>
    private let state = Mutex(State())

    /// A watch that ends sooner and brings nothing has not worked.
    private static let shortestWatch: Duration = .seconds(1)

    private struct Index {
        let name: String
        let keys: @Sendable (KubernetesObject) -> [String]
        var objects: [String: Set<ObjectKey>] = [:]
    }

    private struct State {
        var objects: [ObjectKey: KubernetesObject] = [:]
        /// A few. Each must be changed where it is: a copy of one that was looked at costs as much as there are objects.
        var indexes: [Index] = []
        var handlers: [@Sendable (InformerChange) -> Void] = []
        var isSynced = false
        var waiters: [Int: CheckedContinuation<Void, any Error>] = [:]
        var nextWaiter = 0
    }

    /// - Parameter namespace: `nil` for all namespaces.
    public init(
        _ cluster: any ClusterAPI, _ type: ResourceType, namespace: String? = nil, labelSelector: String = "",
        fieldSelector: String = "", logger: Logger, backOff: BackOff = BackOff(),
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.cluster = cluster
        self.type = type
        self.namespace = namespace
        self.labelSelector = labelSelector
        self.fieldSelector = fieldSelector
        self.logger = logger
        self.backOff = backOff
        self.clock = clock
    }

    // MARK: - Set up, before `run`

    /// Calls `handler` for every change; for each object that exists when the first list arrives as well.
    public func onChange(_ handler: @escaping @Sendable (InformerChange) -> Void) {
        state.withLock { $0.handlers.append(handler) }
    }

    /// Keeps an index named `name`: `keys` says under which keys an object is found.
    public func addIndex(_ name: String, _ keys: @escaping @Sendable (KubernetesObject) -> [String]) {
        state.withLock { state in
            var index = Index(name: name, keys: keys)
            for (key, object) in state.objects {
                for entry in keys(object) { index.objects[entry, default: []].insert(key) }
            }
            state.indexes.removeAll { $0.name == name }
            state.indexes.append(index)
        }
    }

    // MARK: - Reading

    /// Whether the first list has arrived: before, an absent object may exist.
    public var isSynced: Bool { state.withLock { $0.isSynced } }

    /// The object as it was last seen; `nil` where there is none, and before the first list.
    public subscript(key: ObjectKey) -> KubernetesObject? { state.withLock { $0.objects[key] } }

    /// The same by name; an empty namespace for resources that live in none.
    public func get(namespace: String = "", name: String) -> KubernetesObject? {
        self[ObjectKey(namespace: namespace, name: name)]
    }

    /// All objects, in no particular order.
    public var objects: [KubernetesObject] { state.withLock { Array($0.objects.values) } }

    /// The objects found under `entry` in the index `name`.
    public func objects(index name: String, _ entry: String) -> [KubernetesObject] {
        state.withLock { state in
            guard let place = state.indexes.firstIndex(where: { $0.name == name }) else { return [] }
            return (state.indexes[place].objects[entry] ?? []).compactMap { state.objects[$0] }
        }
    }

    /// Suspends until the first list has arrived.
    ///
    /// - Throws: `CancellationError`.
    public func waitForSync() async throws {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let isDone = state.withLock { state -> Bool in
                    if state.isSynced { return true }
                    state.waiters[id] = continuation
                    return false
                }
                if isDone { continuation.resume() } else if Task.isCancelled { cancelWaiter(id) }
            }
        } onCancel: {
            cancelWaiter(id)
        }
    }

    private func cancelWaiter(_ id: Int) {
        state.withLock { $0.waiters.removeValue(forKey: id) }?.resume(throwing: CancellationError())
    }

    // MARK: - Running

    /// Keeps the copy current until the task is cancelled.
    public func run() async {
        var failures = 0
        while !Task.isCancelled {
            do {
                var version = try await relist()
                failures = 0
                var empty = 0
                while !Task.isCancelled {
                    let age = Self.stopwatch(clock)
                    let next = try await follow(from: version)
                    // A server that ends watches as they begin, such as one that is going down, is not asked without end.
                    let isWorthless = next == version && age() < Self.shortestWatch
                    empty = isWorthless ? empty + 1 : 0
                    if empty > 0 { try await clock.sleep(for: backOff.delay(afterFailures: empty)) }
                    version = next
                }
            } catch is CancellationError {
                return
            } catch let error as APIError where error.isExpired {
                logger.debug("watch expired, listing again", metadata: ["resource": "\(type)"])
            } catch {
                failures += 1
                let delay = backOff.delay(afterFailures: failures)
                logger.warning(
                    "cannot follow a resource, trying again",
                    metadata: ["resource": "\(type)", "error": "\(error)", "retry.in": "\(delay)"])
                try? await clock.sleep(for: delay)
            }
        }
    }

    /// Tells how long ago it was made.
    private static func stopwatch<C: Clock>(_ clock: C) -> @Sendable () -> Duration where C.Duration == Duration {
        let start = clock.now
        return { start.duration(to: clock.now) }
    }

    /// Reads all that there is.
    ///
    /// - Returns: the version from which on to watch.
    func relist() async throws -> String {
        var items: [KubernetesObject] = []
        var options = ListOptions(labelSelector: labelSelector, fieldSelector: fieldSelector, limit: 500)
        var version = ""
        repeat {
            let page = try await cluster.list(type, namespace: namespace, options)
            items += page.items
            version = page.resourceVersion
            options.continuation = page.continuation
        } while !options.continuation.isEmpty
        replace(with: items)
        return version
    }

    private func replace(with items: [KubernetesObject]) {
        let changes = state.withLock { state -> [InformerChange] in
            var changes: [InformerChange] = []
            var seen = Set<ObjectKey>()
            for item in items {
                seen.insert(item.key)
                if let change = Self.put(item, in: &state) { changes.append(change) }
            }
            for key in state.objects.keys where !seen.contains(key) {
                if let change = Self.remove(key, last: nil, in: &state) { changes.append(change) }
            }
            return changes
        }
        deliver(changes)
        let waiters = state.withLock { state -> [CheckedContinuation<Void, any Error>] in
            state.isSynced = true
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.resume() }
    }

    private func follow(from version: String) async throws -> String {
        var version = version
        let events = try await cluster.watch(
            type, namespace: namespace,
            WatchOptions(resourceVersion: version, labelSelector: labelSelector, fieldSelector: fieldSelector))
        for try await event in events { version = take(event) }
        return version
    }

    /// Takes one change over.
    ///
    /// - Returns: the version from which on to watch.
    func take(_ event: WatchEvent) -> String {
        switch event {
        case .added(let object), .modified(let object):
            if let change = state.withLock({ Self.put(object, in: &$0) }) { deliver([change]) }
            return object.resourceVersion
        case .deleted(let object):
            if let change = state.withLock({ Self.remove(object.key, last: object, in: &$0) }) { deliver([change]) }
            return object.resourceVersion
        case .bookmark(let resourceVersion):
            return resourceVersion
        }
    }

    private func deliver(_ changes: [InformerChange]) {
        guard !changes.isEmpty else { return }
        let handlers = state.withLock { $0.handlers }
        for change in changes { for handler in handlers { handler(change) } }
    }

    private static func put(_ object: KubernetesObject, in state: inout State) -> InformerChange? {
        let key = object.key
        let old = state.objects[key]
        if let old, old.resourceVersion == object.resourceVersion, old.uid == object.uid { return nil }
        state.objects[key] = object
        for place in state.indexes.indices {
            let entries = state.indexes[place].keys(object)
            if let old {
                let before = state.indexes[place].keys(old)
                // Most changes leave an object where it is found.
                guard before != entries else { continue }
                unindex(before, key, from: &state.indexes[place])
            }
            for entry in entries { state.indexes[place].objects[entry, default: []].insert(key) }
        }
        return InformerChange(old: old, new: object)
    }

    private static func remove(_ key: ObjectKey, last: KubernetesObject?, in state: inout State) -> InformerChange? {
        guard let old = state.objects.removeValue(forKey: key) else { return nil }
        for place in state.indexes.indices {
            unindex(state.indexes[place].keys(old), key, from: &state.indexes[place])
        }
        return InformerChange(old: last ?? old, new: nil)
    }

    private static func unindex(_ entries: [String], _ key: ObjectKey, from index: inout Index) {
        for entry in entries {
            index.objects[entry]?.remove(key)
            if index.objects[entry]?.isEmpty == true { index.objects[entry] = nil }
        }
    }
}
