import JSONTree
import KubernetesModel

/// The `Endpoints` object of a Service: the older of the two forms, one object for all addresses.
enum EndpointsPlan {
    /// The most addresses one object carries; the rest shows in the slices only.
    static let capacity = 1000
    private static let overCapacity = "endpoints.kubernetes.io/over-capacity"
    static let managedBy = "endpoints.kubernetes.io/managed-by"
    static let manager = "endpoint-controller"
    static let headless = "service.kubernetes.io/headless"

    /// The object as it should be.
    ///
    /// - Parameter current: the object as it is; its own annotations stay.
    static func endpoints(
        of service: KubernetesObject, _ backends: [ServiceBackend], current: KubernetesObject?
    ) -> KubernetesObject {
        var object = current ?? KubernetesObject(.endpoints, name: service.name, namespace: service.namespace)
        var labels = service.labels
        labels[managedBy] = manager
        labels[headless] = service.spec["clusterIP"]?.string == "None" ? "" : nil
        object.labels = labels
        // Pods on their way out get no new connections, so that they are in no list here.
        let living = backends.filter { !$0.isTerminating || $0.isReady }
        var annotations = object.annotations
        annotations[overCapacity] = living.count > capacity ? "truncated" : nil
        object.annotations = annotations
        let subsets = subsets(Array(living.sorted { $0.isReady && !$1.isReady }.prefix(capacity)))
        if object.json["subsets"]?.array ?? [] != subsets {
            object.json["subsets"] = subsets.isEmpty ? nil : .array(subsets)
        }
        return object
    }

    private static func subsets(_ backends: [ServiceBackend]) -> [JSON] {
        let byPorts = Dictionary(grouping: backends, by: \.ports)
        return byPorts.keys.sorted { $0.lexicographicallyPrecedes($1) }.map { ports in
            let members = (byPorts[ports] ?? []).sorted { ($0.address, $0.podName) < ($1.address, $1.podName) }
            let ready = members.filter(\.isReady)
            let notReady = members.filter { !$0.isReady }
            var subset: JSON = [:]
            if !ready.isEmpty { subset["addresses"] = .array(ready.map(address)) }
            if !notReady.isEmpty { subset["notReadyAddresses"] = .array(notReady.map(address)) }
            if !ports.isEmpty { subset["ports"] = .array(ports.map { $0.json(namesEmpty: false) }) }
            return subset
        }
    }

    private static func address(_ backend: ServiceBackend) -> JSON {
        var json: JSON = ["ip": .string(backend.address)]
        if !backend.hostname.isEmpty { json["hostname"] = .string(backend.hostname) }
        if !backend.node.isEmpty { json["nodeName"] = .string(backend.node) }
        json["targetRef"] = backend.targetReference
        return json
    }
}
