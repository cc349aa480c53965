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
    ) async throws(APIError) -> UpdateAnswer {
        let subresource = try known(subresource, of: definition)
        switch subresource {
        case "scale":
            let scale = try await setScale(definition, namespace: namespace, name: name, nil, body, context)
            return UpdateAnswer(object: KubernetesObject(scale), text: ObjectText(scale.encoded()))
        case "finalize":
            let result = try await finalize(name: name, body, context)
            return UpdateAnswer(result)
        case nil, "status":
            let result = try await update(
                definition, namespace: namespace, name: name, subresource: subresource, body, context)
            return UpdateAnswer(result)
        case .some: throw Self.methodNotAllowed
        }
    }

    /// What an update answers with.
    struct UpdateAnswer {
        var object: KubernetesObject
        /// The answer's text, which has more than the tree: `metadata.managedFields`.
        var text: ObjectText
        var warnings: [String] = []
        var isCreated = false
    }

    /// Makes a subresource object, such as a pod's binding.
    func createSubresource(
        _ definition: ResourceDefinition, namespace: String?, name: String, _ subresource: String, _ body: JSON,
        _ context: WriteContext
    ) async throws(APIError) -> JSON {
        switch try known(subresource, of: definition) {
        case "binding": try await bind(namespace: namespace, name: name, body, context)
        case "eviction": try await evict(namespace: namespace, name: name, body, context)
        case "token": return try issueToken(namespace: namespace, name: name, body)
        case nil, .some: throw Self.methodNotAllowed
        }
        return ["kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "code": 201]
    }

    static let methodNotAllowed = APIError(
        code: 405, reason: .methodNotAllowed, message: "the server does not allow this method on the requested resource"
    )
}

extension ResourcePipeline.UpdateAnswer {
    init(_ result: WriteResult) {
        self.init(
            object: result.object.object, text: result.object.text, warnings: result.warnings,
            isCreated: result.isCreated)
    }
}
