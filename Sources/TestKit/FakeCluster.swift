public import ClusterAPI
public import JSONTree
public import KubernetesModel
import Synchronization

/// A cluster in memory for tests of reconcilers: stores what it is given, tells watchers, checks resource versions.
///
/// No schemas, no defaults, no validation; finalizers hold deletions, owner references do nothing.
public final class FakeCluster: ClusterAPI {
    private struct Watcher {
        let type: ResourceType
        let namespace: String?
        let labels: LabelSelector
        let fields: [(path: [String], value: String)]
        let continuation: AsyncThrowingStream<WatchEvent, any Error>.Continuation
    }

    private struct State {
        var now: Int?
        var objects: [ResourceType: [ObjectKey: KubernetesObject]] = [:]
        var history: [(version: Int, type: ResourceType, event: WatchEvent, object: KubernetesObject)] = []
        var version = 1
        var watchers: [Int: Watcher] = [:]
        var nextWatcher = 0
        var failure: (any Error)?
        var asked = 0
        var unknownStatusFields: Set<String> = []
        var endsWatches = false
        var watchesBegun = 0
        var evictionRefusal: (any Error)?
        var node: (any NodeEndpoint)?
    }

    private let state = Mutex(State())

    public init() {}

    /// What there is now, apart from this cluster from now on: a backup. Nobody watches the copy.
    public func copy() -> FakeCluster {
        let copy = FakeCluster()
        let taken = state.withLock { state in
            var taken = state
            taken.watchers = [:]
            return taken
        }
        copy.state.withLock { $0 = taken }
        return copy
    }

    /// Fields of statuses that are dropped when they are written, as a server does that is older than they are.
    public var unknownStatusFields: Set<String> {
        get { state.withLock { $0.unknownStatusFields } }
        set { state.withLock { $0.unknownStatusFields = newValue } }
    }

    /// Ends each watch as soon as it has begun, as a server does that is going down.
    public var endsWatches: Bool {
        get { state.withLock { $0.endsWatches } }
        set { state.withLock { $0.endsWatches = newValue } }
    }

    /// How many watches have begun.
    public var watchesBegun: Int { state.withLock { $0.watchesBegun } }

    /// The number of the last change.
    public var version: Int { state.withLock { $0.version } }

    /// Counts changes, and so uids, from this number on, if it is higher: as after a restored backup, whose uids must be
    /// nobody else's.
    public func skip(to version: Int) { state.withLock { $0.version = max($0.version, version) } }

    /// The changes that a watch would tell, one by one.
    public func changes(
        of type: ResourceType, namespace: String?, labelSelector: String, since version: Int
    ) throws -> [WatchEvent] {
        let labels = try LabelSelector(text: labelSelector)
        return state.withLock { state in
            // Versions only rise: what is older is not looked at.
            let start = state.history.partitioningIndex { $0.version > version }
            return state.history[start...].filter {
                $0.type == type && (namespace == nil || $0.object.namespace == namespace) && labels.matches($0.object)
            }.map(\.event)
        }
    }

    /// Makes every call throw `error` until it is `nil` again: a cluster that is away.
    public var failure: (any Error)? {
        get { state.withLock { $0.failure } }
        set { state.withLock { $0.failure = newValue } }
    }

    /// How often anything was read or made so far, refusals among it.
    public var asked: Int { state.withLock { $0.asked } }

    /// Makes every eviction throw it until it is `nil` again: a budget that forbids them.
    public var evictionRefusal: (any Error)? {
        get { state.withLock { $0.evictionRefusal } }
        set { state.withLock { $0.evictionRefusal = newValue } }
    }

    /// What answers for all pods; `nil`, the default, for nobody.
    public var node: (any NodeEndpoint)? {
        get { state.withLock { $0.node } }
        set { state.withLock { $0.node = newValue } }
    }

    public func get(_ type: ResourceType, namespace: String?, name: String) async throws -> KubernetesObject {
        try state.withLock { state in
            state.asked += 1
            if let failure = state.failure { throw failure }
            let key = ObjectKey(namespace: namespace ?? "", name: name)
            guard let object = state.objects[type]?[key] else { throw APIError.notFound(type, name) }
            return object
        }
    }

    public func list(_ type: ResourceType, namespace: String?, _ options: ListOptions) async throws -> ObjectList {
        let labels = try LabelSelector(text: options.labelSelector)
        let fields = Self.fields(options.fieldSelector)
        return try state.withLock { state in
            state.asked += 1
            if let failure = state.failure { throw failure }
            let items = (state.objects[type] ?? [:]).values
                .filter {
                    (namespace == nil || $0.namespace == namespace) && labels.matches($0) && Self.matches($0, fields)
                }
                .sorted { $0.key < $1.key }
            return ObjectList(items: items, resourceVersion: String(state.version))
        }
    }

    /// What the cluster takes for the time, in seconds since 1970, when it makes objects; `nil` for the number of the change.
    public var now: Int? {
        get { state.withLock { $0.now } }
        set { state.withLock { $0.now = newValue } }
    }

    public func watch(_ type: ResourceType, namespace: String?, _ options: WatchOptions) async throws
        -> AsyncThrowingStream<WatchEvent, any Error>
    {
        let labels = try LabelSelector(text: options.labelSelector)
        let (stream, continuation) = AsyncThrowingStream<WatchEvent, any Error>.makeStream()
        let watcher = Watcher(
            type: type, namespace: namespace, labels: labels, fields: Self.fields(options.fieldSelector),
            continuation: continuation)
        try state.withLock { state in
            if let failure = state.failure { throw failure }
            let since = Int(options.resourceVersion) ?? 0
            for entry in state.history where entry.version > since {
                _ = Self.tell(watcher, entry.type, entry.event, entry.object)
            }
            state.watchesBegun += 1
            guard !state.endsWatches else { return continuation.finish() }
            state.nextWatcher += 1
            state.watchers[state.nextWatcher] = watcher
        }
        return stream
    }

    public func create(_ type: ResourceType, _ object: KubernetesObject, _ options: WriteOptions) async throws
        -> KubernetesObject
    {
        try state.withLock { state in
            state.asked += 1
            if let failure = state.failure { throw failure }
            var object = object
            if object.name.isEmpty, let prefix = object.json["metadata"]?["generateName"]?.string {
                object.json["metadata", "name"] = .string(prefix + String(state.version, radix: 36))
            }
            guard state.objects[type]?[object.key] == nil else { throw APIError.alreadyExists(type, object.name) }
            object.json["metadata", "uid"] = .string("uid-\(state.version)")
            object.json["metadata", "creationTimestamp"] = .string(Timestamp.text(state.now ?? state.version))
            object.json["metadata", "generation"] = 1
            if object.json["kind"] == nil { object.json["kind"] = .string(type.kind) }
            if object.json["apiVersion"] == nil { object.json["apiVersion"] = .string(type.apiVersion) }
            if options.isDryRun { return object }
            return Self.store(object, type, isNew: true, &state)
        }
    }

    public func update(_ type: ResourceType, _ object: KubernetesObject, subresource: String?, _ options: WriteOptions)
        async throws -> KubernetesObject
    {
        try change(type, object.key) { old in
            if !object.resourceVersion.isEmpty, object.resourceVersion != old.resourceVersion {
                throw APIError.conflict(type, object.name)
            }
            return object
        } subresource: {
            subresource
        }
    }

    public func patch(
        _ type: ResourceType, namespace: String?, name: String, _ patch: Patch, subresource: String?,
        _ options: WriteOptions
    ) async throws -> KubernetesObject {
        let key = ObjectKey(namespace: namespace ?? "", name: name)
        if patch.form == .apply, state.withLock({ $0.objects[type]?[key] == nil }) {
            return try await create(type, KubernetesObject(patch.body), options)
        }
        return try change(type, key) { old in
            var new = old
            switch patch.form {
            case .merge, .strategic, .apply: new.json.merge(patch.body)
            case .json: new.json = try JSONPatch(patch.body).applied(to: old.json)
            }
            return new
        } subresource: {
            subresource
        }
    }

    private func change(
        _ type: ResourceType, _ key: ObjectKey, _ edit: (KubernetesObject) throws -> KubernetesObject,
        subresource: () -> String?
    ) throws -> KubernetesObject {
        try state.withLock { state in
            if let failure = state.failure { throw failure }
            guard let old = state.objects[type]?[key] else { throw APIError.notFound(type, key.name) }
            let edited = try edit(old)
            var new: KubernetesObject
            if subresource() == "status" {
                new = old
                var status = edited.json["status"]
                for field in state.unknownStatusFields { status?[field] = nil }
                new.json["status"] = status
            } else {
                new = edited
                if type.plural != "configmaps", old.json["status"] != nil { new.json["status"] = old.json["status"] }
                new.json["metadata", "generation"] = JSON(
                    old.generation + (old.json["spec"] == new.json["spec"] ? 0 : 1))
            }
            new.json["metadata", "uid"] = .string(old.uid)
            new.json["metadata", "creationTimestamp"] = .string(old.creationTimestamp)
            new.json["metadata", "resourceVersion"] = .string(old.resourceVersion)
            guard new != old else { return old }
            if new.isBeingDeleted, new.finalizers.isEmpty, !old.finalizers.isEmpty {
                return Self.remove(new, type, &state)
            }
            return Self.store(new, type, isNew: false, &state)
        }
    }

    public func delete(_ type: ResourceType, namespace: String?, name: String, _ options: DeleteOptions) async throws {
        try state.withLock { state in
            if let failure = state.failure { throw failure }
            let key = ObjectKey(namespace: namespace ?? "", name: name)
            guard var object = state.objects[type]?[key] else { throw APIError.notFound(type, name) }
            if let uid = options.uid, uid != object.uid {
                throw APIError.conflict(type, name, "the UID in the precondition does not match")
            }
            let waits = type == .pods && options.gracePeriodSeconds != 0 && object.spec["nodeName"]?.string != nil
            if object.finalizers.isEmpty, !waits {
                _ = Self.remove(object, type, &state)
            } else if !object.isBeingDeleted {
                object.json["metadata", "deletionTimestamp"] = .string(Timestamp.text(state.now ?? state.version))
                object.json["metadata", "deletionGracePeriodSeconds"] = JSON(options.gracePeriodSeconds ?? 30)
                _ = Self.store(object, type, isNew: false, &state)
            }
        }
    }

    public func createSubresource(
        _ type: ResourceType, namespace: String?, name: String, subresource: String, _ body: JSON
    ) async throws -> JSON {
        switch subresource {
        case "binding":
            _ = try change(type, ObjectKey(namespace: namespace ?? "", name: name)) { old in
                guard old.spec["nodeName"]?.string == nil else {
                    throw APIError.conflict(
                        type, name, "pod \(name) is already assigned to node \"\(old.spec["nodeName"]?.string ?? "")\"")
                }
                var new = old
                new.json["spec", "nodeName"] = body["target"]?["name"]
                return new
            } subresource: {
                nil
            }
            return ["kind": "Status", "apiVersion": "v1", "status": "Success"]
        case "eviction":
            if let refusal = evictionRefusal { throw refusal }
            try await delete(type, namespace: namespace, name: name, DeleteOptions())
            return ["kind": "Status", "apiVersion": "v1", "status": "Success"]
        default: throw APIError.notFound(type, name)
        }
    }

    public func podLogs(namespace: String, name: String, _ options: LogOptions) async throws
        -> AsyncThrowingStream<[UInt8], any Error>
    {
        let (pod, node) = try await visited(namespace, name)
        return try await node.podLogs(pod, options)
    }

    public func exec(
        namespace: String, name: String, _ request: ContainerRequest, _ client: ContainerStreams
    ) async throws -> Int {
        let (pod, node) = try await visited(namespace, name)
        return try await node.exec(pod, request, client)
    }

    public func attach(
        namespace: String, name: String, _ request: ContainerRequest, _ client: ContainerStreams
    ) async throws {
        let (pod, node) = try await visited(namespace, name)
        try await node.attach(pod, request, client)
    }

    public func forward(namespace: String, name: String, port: Int, _ client: ByteStreams) async throws {
        let (pod, node) = try await visited(namespace, name)
        try await node.forward(pod, port: port, client)
    }

    private func visited(
        _ namespace: String, _ name: String
    ) async throws -> (pod: KubernetesObject, node: any NodeEndpoint) {
        guard let node else { throw APIError.notFound(.pods, name) }
        return (try await get(.pods, namespace: namespace, name: name), node)
    }

    // MARK: - Storing

    private static func store(_ object: KubernetesObject, _ type: ResourceType, isNew: Bool, _ state: inout State)
        -> KubernetesObject
    {
        state.version += 1
        var object = object
        object.json["metadata", "resourceVersion"] = .string(String(state.version))
        state.objects[type, default: [:]][object.key] = object
        publish(type, isNew ? .added(object) : .modified(object), object, &state)
        return object
    }

    private static func remove(_ object: KubernetesObject, _ type: ResourceType, _ state: inout State)
        -> KubernetesObject
    {
        state.version += 1
        var object = object
        object.json["metadata", "resourceVersion"] = .string(String(state.version))
        state.objects[type]?[object.key] = nil
        publish(type, .deleted(object), object, &state)
        return object
    }

    private static func publish(
        _ type: ResourceType, _ event: WatchEvent, _ object: KubernetesObject, _ state: inout State
    ) {
        state.history.append((state.version, type, event, object))
        for (id, watcher) in state.watchers where !tell(watcher, type, event, object) { state.watchers[id] = nil }
    }

    /// Whoever has gone is found out here. To be told by the stream's end would take the lock within the cancellation of a task,
    /// while this, under the lock, wakes a task: each would wait for the other.
    ///
    /// - Returns: whether the watcher is still there, as far as one knows.
    private static func tell(_ watcher: Watcher, _ type: ResourceType, _ event: WatchEvent, _ object: KubernetesObject)
        -> Bool
    {
        guard watcher.type == type, watcher.namespace == nil || watcher.namespace == object.namespace,
            watcher.labels.matches(object), matches(object, watcher.fields)
        else { return true }
        if case .terminated = watcher.continuation.yield(event) { return false }
        return true
    }

    private static func fields(_ text: String) -> [(path: [String], value: String)] {
        text.split(separator: ",").compactMap { part in
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return sides.count == 2 ? (sides[0].split(separator: ".").map(String.init), String(sides[1])) : nil
        }
    }

    private static func matches(_ object: KubernetesObject, _ fields: [(path: [String], value: String)]) -> Bool {
        fields.allSatisfy { (object.json[$0.path]?.string ?? "") == $0.value }
    }
}

extension Array {
    /// The first place from which on all elements meet the condition, in an array where they are last.
    fileprivate func partitioningIndex(_ isMet: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if isMet(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
