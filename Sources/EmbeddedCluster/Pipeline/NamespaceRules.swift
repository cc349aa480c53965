import JSONTree
import KubernetesModel

/// The life cycle of namespaces as writes meet it (admission plugin NamespaceLifecycle).
enum NamespaceRules {
    static func reference(_ name: String) -> ObjectReference {
        ObjectReference(resource: ResourceID(.namespaces), key: ObjectKey(name: name))
    }

    /// Why an object may not be made in a namespace; `nil` where it may.
    static func refusal(
        of type: ResourceType, name: String, in namespace: String, _ find: (ObjectReference) -> StoredObject?
    ) -> APIError? {
        guard let object = find(reference(namespace))?.object else { return .notFound(.namespaces, namespace) }
        guard object.isBeingDeleted || object.status["phase"]?.string == "Terminating" else { return nil }
        var error = APIError.forbidden(
            type, name, "unable to create new content in namespace \(namespace) because it is being terminated")
        error.causes = [
            APIError.Cause(
                reason: "NamespaceTerminating", message: "namespace \(namespace) is being terminated",
                field: "metadata.namespace")
        ]
        return error
    }
}
