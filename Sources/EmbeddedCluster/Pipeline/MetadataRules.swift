import JSONTree
import KubernetesModel

/// What must hold for the metadata of a new object, and what an update may not change
/// (`k8s.io/apimachinery/pkg/api/validation`).
enum MetadataRules {
    static func problems(_ object: KubernetesObject, _ definition: ResourceDefinition) -> [APIError.Cause] {
        guard !object.name.isEmpty else {
            return [
                APIError.Cause(
                    reason: "FieldValueRequired", message: "Required value: name or generateName is required",
                    field: "metadata.name")
            ]
        }
        guard let problem = definition.strategy.nameProblem(object.name) else { return [] }
        return [
            APIError.Cause(
                reason: "FieldValueInvalid", message: "Invalid value: \"\(object.name)\": \(problem)",
                field: "metadata.name")
        ]
    }

    /// Carries over what only the server sets, whatever the client sent.
    static func keepServerFields(_ object: inout KubernetesObject, _ old: KubernetesObject) {
        for field in [
            "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "name",
            "namespace", "generateName", "resourceVersion",
        ] {
            object.json["metadata", field] = old.json["metadata", field]
        }
        object.json["metadata", "managedFields"] = nil
        object.json["metadata", "selfLink"] = nil
    }

    /// New finalizers on an object that is going.
    static func finalizerProblems(_ object: KubernetesObject, _ old: KubernetesObject) -> [APIError.Cause] {
        guard old.isBeingDeleted else { return [] }
        let new = object.finalizers.filter { !old.finalizers.contains($0) }
        guard !new.isEmpty else { return [] }
        let list = new.map { "\"\($0)\"" }.joined(separator: ", ")
        return [
            APIError.Cause(
                reason: "FieldValueForbidden",
                message: "Forbidden: no new finalizers can be added if the object is being deleted, "
                    + "found new finalizers []string{\(list)}",
                field: "metadata.finalizers")
        ]
    }
}
