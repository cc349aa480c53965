public import JSONTree
public import KubernetesModel

/// The one way to a cluster: the verbs of a Kubernetes API, whoever serves them.
///
/// `EmbeddedCluster` and `KubernetesClient` conform and pass the same contract tests; reconcilers never know which they hold.
/// Every method throws `APIError` for a refusal by the API, `ClusterUnreachable` where no answer came, and
/// `CancellationError` when its task is cancelled. A returned object is what was stored, with its new resource version.
public protocol ClusterAPI: Sendable {
    /// One object, as it is now.
    ///
    /// - Parameter namespace: `nil` for resources that live in none.
    func get(_ type: ResourceType, namespace: String?, name: String) async throws -> KubernetesObject

    /// The objects of a namespace, or of all where `namespace` is `nil`, in one page or whole as `options` say.
    func list(_ type: ResourceType, namespace: String?, _ options: ListOptions) async throws -> ObjectList

    /// Changes after `options.resourceVersion`, in order, each once, until the server ends the watch or the task is cancelled.
    ///
    /// Ends with `APIError` (`isExpired`) when the version is older than the kept history: list again, then watch.
    func watch(_ type: ResourceType, namespace: String?, _ options: WatchOptions) async throws
        -> AsyncThrowingStream<WatchEvent, any Error>

    /// Stores a new object, in the namespace that it names; a name that is taken is refused (`isAlreadyExists`).
    func create(_ type: ResourceType, _ object: KubernetesObject, _ options: WriteOptions) async throws
        -> KubernetesObject

    /// Replaces the object. With a `metadata.resourceVersion` a concurrent change is a conflict; without one it overwrites.
    ///
    /// - Parameter subresource: such as `status`; `nil` for the object itself.
    func update(_ type: ResourceType, _ object: KubernetesObject, subresource: String?, _ options: WriteOptions)
        async throws
        -> KubernetesObject

    /// Changes what the patch names and leaves the rest.
    ///
    /// - Parameter subresource: such as `status`; `nil` for the object itself.
    func patch(
        _ type: ResourceType, namespace: String?, name: String, _ patch: Patch, subresource: String?,
        _ options: WriteOptions
    ) async throws -> KubernetesObject

    /// Deletes, or marks for deletion where finalizers or a grace period hold the object.
    func delete(_ type: ResourceType, namespace: String?, name: String, _ options: DeleteOptions) async throws

    /// Creates a subresource object, such as a pod's `binding` or `eviction`.
    func createSubresource(
        _ type: ResourceType, namespace: String?, name: String, subresource: String, _ body: JSON
    ) async throws -> JSON

    /// The log of a pod's container, in pieces as they come; ends at the end of the log, or never while following.
    func podLogs(namespace: String, name: String, _ options: LogOptions) async throws
        -> AsyncThrowingStream<[UInt8], any Error>

    /// Runs a program in a running container of the pod, as `NodeEndpoint.exec`.
    ///
    /// - Parameter request: an empty container is the pod's only or default one.
    /// - Returns: the exit status, 128 and the signal's number for one that was killed.
    func exec(
        namespace: String, name: String, _ request: ContainerRequest, _ client: ContainerStreams
    ) async throws -> Int

    /// Carries the streams of the container's main program until it has ended, as `NodeEndpoint.attach`.
    func attach(
        namespace: String, name: String, _ request: ContainerRequest, _ client: ContainerStreams
    ) async throws

    /// Carries one connection to a port inside the pod, as `NodeEndpoint.forward`.
    func forward(namespace: String, name: String, port: Int, _ client: ByteStreams) async throws
}

/// Clusters that do not carry streams into pods say so.
extension ClusterAPI {
    public func exec(
        namespace: String, name: String, _ request: ContainerRequest, _ client: ContainerStreams
    ) async throws -> Int { throw unserved("exec", namespace, name) }

    public func attach(
        namespace: String, name: String, _ request: ContainerRequest, _ client: ContainerStreams
    ) async throws { throw unserved("attach", namespace, name) }

    public func forward(namespace: String, name: String, port: Int, _ client: ByteStreams) async throws {
        throw unserved("port-forward", namespace, name)
    }

    private func unserved(_ what: String, _ namespace: String, _ name: String) -> APIError {
        .internalError("the cluster of pod \"\(namespace)/\(name)\" is reached in a way that does not serve \(what)")
    }
}

/// No answer came from the cluster: it is away, refuses connections, or the connection broke.
public struct ClusterUnreachable: Error, Sendable, CustomStringConvertible {
    /// What was tried, for how long, and what to check.
    public let message: String
    public init(_ message: String) { self.message = message }
    public var description: String { message }
}

// MARK: - Short forms

extension ClusterAPI {
    /// The object, or `nil` where there is none.
    public func find(_ type: ResourceType, namespace: String? = nil, name: String) async throws -> KubernetesObject? {
        do {
            return try await get(type, namespace: namespace, name: name)
        } catch let error as APIError where error.isNotFound {
            return nil
        }
    }

    /// Creates with the default options.
    public func create(_ type: ResourceType, _ object: KubernetesObject) async throws -> KubernetesObject {
        try await create(type, object, WriteOptions())
    }

    /// Replaces the object itself with the default options; its status stays as it is where that is a subresource.
    public func update(_ type: ResourceType, _ object: KubernetesObject) async throws -> KubernetesObject {
        try await update(type, object, subresource: nil, WriteOptions())
    }

    /// Replaces the status only.
    public func updateStatus(_ type: ResourceType, _ object: KubernetesObject) async throws -> KubernetesObject {
        try await update(type, object, subresource: "status", WriteOptions())
    }

    /// Sends a merge patch (RFC 7396).
    public func merge(
        _ type: ResourceType, namespace: String? = nil, name: String, _ changes: JSON, subresource: String? = nil
    ) async throws -> KubernetesObject {
        try await patch(
            type, namespace: namespace, name: name, Patch(.merge, changes), subresource: subresource, WriteOptions())
    }

    /// Deletes what may be gone already.
    ///
    /// - Returns: whether there was something to delete.
    @discardableResult
    public func deleteIfPresent(
        _ type: ResourceType, namespace: String? = nil, name: String, _ options: DeleteOptions = DeleteOptions()
    ) async throws -> Bool {
        do {
            try await delete(type, namespace: namespace, name: name, options)
            return true
        } catch let error as APIError where error.isNotFound {
            return false
        }
    }

    /// All objects, page by page behind the scenes.
    public func list(_ type: ResourceType, namespace: String? = nil) async throws -> ObjectList {
        try await list(type, namespace: namespace, ListOptions())
    }
}
