import ClusterAPI
import JSONTree
import KubernetesModel

/// Writes the status that one controller alone writes, without regard to the version it was computed from.
///
/// A status follows from what was seen; where that was old, newer changes bring the controller back and it writes again.
struct StatusWriter: Sendable {
    let cluster: any ClusterAPI
    let type: ResourceType

    /// Writes the members in which `status` differs from the object's own; nothing where there are none.
    ///
    /// - Returns: the object as stored; as it was where nothing had to be written or where it is gone.
    @discardableResult
    func write(_ status: JSON, of object: KubernetesObject) async throws -> KubernetesObject {
        let changes = Self.changes(from: object.json["status"], to: status)
        guard !changes.isEmpty else { return object }
        do {
            return try await cluster.merge(
                type, namespace: type.isNamespaced ? object.namespace : nil, name: object.name,
                ["metadata": ["uid": .string(object.uid)], "status": .object(changes)], subresource: "status")
        } catch let error as APIError where error.isNotFound {
            return object
        }
    }

    /// The merge patch between two statuses: members that differ are replaced whole, members that are gone are `null`.
    static func changes(from old: JSON?, to new: JSON) -> JSONObject {
        var changes = JSONObject()
        for (key, value) in new.object ?? [:] where old?[key] != value { changes[key] = value }
        for key in old?.object?.keys ?? [] where new[key] == nil { changes[key] = .null }
        return changes
    }
}
