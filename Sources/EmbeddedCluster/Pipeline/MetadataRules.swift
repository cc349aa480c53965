import JSONTree
import KubernetesModel

/// Which metadata an update may not change.
enum MetadataRules {
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
}
