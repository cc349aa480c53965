import ClusterAPI
import JSONTree
import KubernetesModel

/// Which code answers for which subresource: for HTTP and in-process callers alike.
extension ResourcePipeline {
    /// A subresource that is part of the object, such as `status`.
    ///
    /// - Throws: 404 where the resource does not have it.
    func known(_ subresource: String?, of definition: ResourceDefinition) throws(APIError) -> String? {
        guard let subresource else { return nil }
        guard definition.subresources.contains(where: { $0.rawValue == subresource }) else { throw Self.notServed }
        return subresource
    }

    /// Replaces an object or any of its subresources.
    func updateAny(
        _ definition: ResourceDefinition, namespace: String?, name: String, _ subresource: String?, _ body: JSON,
        _ context: WriteContext
    ) async throws(APIError) -> (object: KubernetesObject, warnings: [String], isCreated: Bool) {
        let subresource = try known(subresource, of: definition)
        switch subresource {
        case "scale":
            let scale = try await setScale(definition, namespace: namespace, name: name, nil, body, context)
            return (KubernetesObject(scale), [], false)
        case "finalize":
            let result = try await finalize(name: name, body, context)
            return (result.object.object, result.warnings, result.isCreated)
        case nil, "status":
            let result = try await update(
                definition, namespace: namespace, name: name, subresource: subresource, body, context)
            return (result.object.object, result.warnings, result.isCreated)
        case .some: throw Self.methodNotAllowed
        }
    }

    /// Makes a subresource object, such as a pod's binding.
    func createSubresource(
        _ definition: ResourceDefinition, namespace: String?, name: String, _ subresource: String, _ body: JSON,
        _ context: WriteContext
    ) async throws(APIError) -> JSON {
        switch try known(subresource, of: definition) {
        case "binding": try await bind(namespace: namespace, name: name, body, context)
        case "eviction": try await evict(namespace: namespace, name: name, body, context)
        case nil, .some: throw Self.methodNotAllowed
        }
        return ["kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "code": 201]
    }

    static let methodNotAllowed = APIError(
        code: 405, reason: .methodNotAllowed, message: "the server does not allow this method on the requested resource"
    )
}
