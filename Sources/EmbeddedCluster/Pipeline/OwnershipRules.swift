import ClusterAPI
import JSONTree
import KubernetesModel

/// Who owns the fields that writes set: `metadata.managedFields`, from the request and the versions before and after it.
enum OwnershipRules {
    /// Whose the fields of a new object are.
    ///
    /// - Parameter object: with its defaults, before the server sets anything.
    static func creating(
        _ object: KubernetesObject, _ definition: ResourceDefinition, _ context: WriteContext, now: Int
    ) -> FieldOwnership {
        var object = object
        let sent = object.json["metadata"]?["managedFields"]
        if sent != nil { object.json["metadata", "managedFields"] = nil }
        if definition.hasStatus, !definition.strategy.acceptsStatusOnCreate { object.json["status"] = nil }
        if definition.type == .namespaces {
            object.json["metadata", "labels", "kubernetes.io/metadata.name"] = .string(object.name)
        }
        // A client may bring whose the fields are, as one does that restores a copy.
        var owners = sent.flatMap { FieldOwnership(managedFields: $0) } ?? FieldOwnership()
        owners.update(
            from: .object(JSONObject()), to: object.json, definition.schema,
            by: author(definition, context, nil, .update, now: now))
        return owners
    }

    /// Whose the fields are after an update.
    ///
    /// - Parameters:
    ///   - sent: the `managedFields` of the request's object: `nil` or empty keeps those that are there, and one empty
    ///     entry forgets them, as Kubernetes has it.
    ///   - object: with its defaults, before the server sets anything.
    ///   - subresource: what is written, if not the object itself.
    static func updating(
        _ current: StoredObject, sent: JSON?, from old: KubernetesObject, to object: KubernetesObject,
        _ definition: ResourceDefinition, _ context: WriteContext, _ subresource: String?, now: Int
    ) -> FieldOwnership? {
        let isReset = subresource == nil && sent == [[:]]
        if isReset { return FieldOwnership() }
        let given = subresource == nil ? sent.flatMap { FieldOwnership(managedFields: $0) } : nil
        let live: FieldOwnership
        if let given, !given.isEmpty {
            live = given
        } else if old == object {
            return nil
        } else {
            live = current.ownership
        }
        // Nobody was tracked before: nor is anybody now, until somebody applies.
        guard !live.isEmpty else { return nil }
        var owners = live
        owners.update(
            from: old.json, to: object.json, definition.schema,
            by: author(definition, context, subresource, .update, now: now))
        return owners
    }

    static func author(
        _ definition: ResourceDefinition, _ context: WriteContext, _ subresource: String?,
        _ operation: FieldManagerEntry.Operation, now: Int
    ) -> FieldManagerEntry {
        FieldManagerEntry(
            manager: context.fieldManager, operation: operation, apiVersion: definition.type.apiVersion,
            subresource: context.ownerSubresource ?? subresource ?? "", time: Timestamp.text(now))
    }

    /// The part of an applied configuration that the request's endpoint can set.
    static func reach(_ applied: JSON, _ definition: ResourceDefinition, _ subresource: String?) -> JSON {
        guard subresource != nil, let object = applied.object else {
            var result = applied
            if definition.hasStatus { result["status"] = nil }
            return result
        }
        var result = JSONObject()
        for field in ["apiVersion", "kind", "status"] { result[field] = object[field] }
        var metadata = JSONObject()
        for (field, value) in object["metadata"]?.object ?? JSONObject()
        where ["name", "namespace", "uid", "resourceVersion"].contains(field)
            || definition.strategy.statusMetadata.contains(field)
        {
            metadata[field] = value
        }
        result["metadata"] = .object(metadata)
        return .object(result)
    }

    /// - Throws: 422 for a manager's name that is missing where one applies, or too long, or unprintable.
    static func check(_ options: WriteOptions, isApply: Bool, kind: String) throws(APIError) {
        let name = options.fieldManager
        var causes: [APIError.Cause] = []
        if isApply, name.isEmpty {
            causes.append(
                APIError.Cause(
                    reason: "FieldValueRequired", message: "Required value: is required for apply patch",
                    field: "fieldManager"))
        }
        if name.utf8.count > 128 {
            causes.append(
                APIError.Cause(
                    reason: "FieldValueTooLong", message: "Too long: may not be more than 128 bytes",
                    field: "fieldManager"))
        }
        if name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
            causes.append(
                APIError.Cause(
                    reason: "FieldValueInvalid",
                    message: "Invalid value: \(JSON.string(name).text()): should only contain printable characters",
                    field: "fieldManager"))
        }
        guard causes.isEmpty else {
            throw APIError.invalid(group: "meta.k8s.io", kind: kind, name: "", causes)
        }
    }
}
