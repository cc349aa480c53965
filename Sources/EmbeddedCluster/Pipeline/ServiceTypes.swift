import JSONTree
import KubernetesModel

/// What a service loses that becomes one of another type: fields that only the type it had needs, unless the update says
/// itself what is to be in them.
enum ServiceTypes {
    private static func has(_ service: KubernetesObject, _ types: Set<String>) -> Bool {
        types.contains(service.spec["type"]?.string ?? "ClusterIP")
    }

    /// The fields, and the types of services that have them. Ports of nodes are seen to by `NodePorts`.
    private static let fields: [(types: Set<String>, names: [String])] = [
        (
            ["ClusterIP", "NodePort", "LoadBalancer"],
            ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"]
        ),
        (["NodePort", "LoadBalancer"], ["externalTrafficPolicy"]),
        (["LoadBalancer"], ["allocateLoadBalancerNodePorts", "loadBalancerClass"]),
        (["ExternalName"], ["externalName"]),
    ]

    static func leave(_ service: inout KubernetesObject, _ old: KubernetesObject) {
        for (types, names) in fields where has(old, types) && !has(service, types) {
            for name in names where service.spec[name] == old.spec[name] { service.json["spec", name] = nil }
        }
    }
}
