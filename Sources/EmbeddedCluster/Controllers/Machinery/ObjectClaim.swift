import ClusterAPI
import JSONTree
import KubernetesModel

/// Takes and gives up the management of objects by their `ownerReferences`.
struct ObjectClaim: Sendable {
    let cluster: any ClusterAPI
    let type: ResourceType

    /// Makes `owner` the manager of `object`; a conflict when the object changed since it was read.
    func adopt(_ object: KubernetesObject, by owner: KubernetesObject) async throws -> KubernetesObject {
        let references = object.ownerReferences.filter { $0.uid != owner.uid } + [OwnerReference(controller: owner)]
        return try await patch(object, references)
    }

    /// Ends the ownership of `object` by the owner with `uid`; an object that is gone is released already.
    func release(_ object: KubernetesObject, from uid: String) async throws {
        do {
            _ = try await patch(object, object.ownerReferences.filter { $0.uid != uid })
        } catch let error as APIError where error.isNotFound {
            return
        }
    }

    private func patch(_ object: KubernetesObject, _ references: [OwnerReference]) async throws -> KubernetesObject {
        try await cluster.merge(
            type, namespace: type.isNamespaced ? object.namespace : nil, name: object.name,
            [
                "metadata": [
                    "uid": .string(object.uid), "resourceVersion": .string(object.resourceVersion),
                    "ownerReferences": references.isEmpty ? .null : .array(references.map(\.json)),
                ]
            ])
    }
}
