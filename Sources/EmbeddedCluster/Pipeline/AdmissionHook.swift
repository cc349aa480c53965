public import KubernetesModel

/// Changes or refuses objects on their way in, as a mutating webhook does on a real cluster.
public protocol AdmissionHook: Sendable {
    /// Called for each object that is created or updated, after decoding and defaults and before validation.
    ///
    /// Idempotent: a write that meets a concurrent one is admitted again. Quick: the request waits for it.
    ///
    /// - Throws: `APIError` refuses the request with it.
    func admit(_ object: inout KubernetesObject, _ request: AdmissionRequest) async throws(APIError)
}

/// What a hook is told about the request.
public struct AdmissionRequest: Sendable {
    public enum Operation: String, Sendable {
        case create = "CREATE"
        case update = "UPDATE"
    }

    public let operation: Operation
    public let type: ResourceType
    /// Empty for cluster-scoped objects.
    public let namespace: String
    public let name: String
    /// Such as `status`; `nil` for the object itself.
    public let subresource: String?
    public let user: UserIdentity
    /// The object before an update; `nil` for a creation.
    public let old: KubernetesObject?
    public let isDryRun: Bool
}
