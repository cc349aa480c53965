import KubernetesModel
import OffloadingModel
import Wire

/// For whom an object on this edge is, as the agent marked it when it made it. Objects without the marks are nobody's.
enum OriginOf {
    /// The hub and the key of a namespace that the agent made.
    static func namespace(_ object: KubernetesObject) -> (hub: String, key: ItemKey)? {
        guard let hub = hub(object), let name = object.annotation(Names.originalNamespaceAnnotation) else { return nil }
        return (hub, .namespace(name))
    }

    /// The hub and the key of a pod that the agent made.
    static func pod(_ object: KubernetesObject) -> (hub: String, key: ItemKey)? {
        guard let hub = hub(object), let namespace = object.annotation(Names.originalNamespaceAnnotation) else {
            return nil
        }
        return (hub, .pod(namespace, object.name))
    }

    /// The hub and the key of an object that the agent made for pods to use.
    static func object(_ kind: ReflectedKind, _ object: KubernetesObject) -> (hub: String, key: ItemKey)? {
        guard let hub = hub(object), let namespace = object.annotation(Names.originalNamespaceAnnotation) else {
            return nil
        }
        return (hub, ItemKey(kind: kind.rawValue, namespace: namespace, name: object.name))
    }

    private static func hub(_ object: KubernetesObject) -> String? {
        guard object.label(Names.managedByLabel) == Names.managedByValue else { return nil }
        return object.label(Names.originClusterIDLabel)
    }
}
