import JSONTree
import KubernetesModel
import OffloadingModel
import Wire

/// The object that this edge makes for one that a hub wants.
///
/// Pure. Only the fields that the kind is known to have, and marks of the agent's own: nothing else that a hub may write.
enum LocalObject {
    static func make(
        _ kind: ReflectedKind, _ item: DesiredItem, namespace: String, fields: JSON, hub: String
    ) -> KubernetesObject {
        var object = KubernetesObject(
            kind.type, name: item.key.name, namespace: namespace,
            [
                "metadata": [
                    "labels": [
                        Names.originClusterIDLabel: .string(hub), Names.managedByLabel: .string(Names.managedByValue),
                    ],
                    "annotations": [Names.originalNamespaceAnnotation: .string(item.key.namespace)],
                ]
            ])
        for (key, value) in kind.fields(of: fields).object ?? JSONObject() { object.json[key] = value }
        return object
    }

    /// The object as it should be, from what it is: what a cluster has added to it stays.
    static func updated(_ kind: ReflectedKind, _ object: KubernetesObject, to wanted: KubernetesObject)
        -> KubernetesObject
    {
        guard kind == .service else {
            var result = wanted
            result.json["metadata"] = object.json["metadata"]
            if let secrets = object.json["secrets"], kind == .serviceAccount { result.json["secrets"] = secrets }
            return result
        }
        var result = object
        for (key, value) in wanted.spec.object ?? JSONObject() { result.json["spec", key] = value }
        for key in ["externalIPs", "sessionAffinityConfig", "publishNotReadyAddresses", "sessionAffinity"]
        where wanted.spec[key] == nil { result.json["spec", key] = nil }
        return result
    }

    /// Whether the object can only become what it should be by being made anew.
    static func mustBeReplaced(_ kind: ReflectedKind, _ object: KubernetesObject, by wanted: KubernetesObject) -> Bool {
        switch kind {
        case .configMap: object.json["immutable"] == true
        case .secret: object.json["immutable"] == true || object.json["type"] != wanted.json["type"]
        case .service: (object.spec["clusterIP"] == "None") != (wanted.spec["clusterIP"] == "None")
        case .serviceAccount: false
        }
    }
}
