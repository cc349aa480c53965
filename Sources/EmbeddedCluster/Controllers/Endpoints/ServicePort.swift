import JSONTree
import KubernetesModel

/// One port of a Service as it is reached on a pod.
struct ServicePort: Sendable, Hashable, Comparable {
    /// Empty where the Service's only port has no name.
    let name: String
    let port: Int
    let transport: String
    let appProtocol: String?

    /// The ports of `service` on `pod`; ports whose `targetPort` names a port the pod has not are left out.
    static func all(of service: KubernetesObject, on pod: KubernetesObject) -> [ServicePort] {
        (service.spec["ports"]?.array ?? []).compactMap { port in
            let transport = port["protocol"]?.string ?? "TCP"
            let number: Int?
            if let name = port["targetPort"]?.string {
                number = Self.number(named: name, transport, of: pod)
            } else {
                number = port["targetPort"]?.int ?? port["port"]?.int
            }
            return number.map {
                ServicePort(
                    name: port["name"]?.string ?? "", port: $0, transport: transport,
                    appProtocol: port["appProtocol"]?.string)
            }
        }
    }

    private static func number(named name: String, _ transport: String, of pod: KubernetesObject) -> Int? {
        // Sidecars are init containers that stay; their ports count as well.
        let sidecars = (pod.spec["initContainers"]?.array ?? []).filter { $0["restartPolicy"]?.string == "Always" }
        for container in (pod.spec["containers"]?.array ?? []) + sidecars {
            for port in container["ports"]?.array ?? []
            where port["name"]?.string == name && (port["protocol"]?.string ?? "TCP") == transport {
                return port["containerPort"]?.int
            }
        }
        return nil
    }

    /// As an entry of `Endpoints` or `EndpointSlice`.
    func json(namesEmpty: Bool) -> JSON {
        var json: JSON = [:]
        if namesEmpty || !name.isEmpty { json["name"] = .string(name) }
        json["port"] = JSON(port)
        json["protocol"] = .string(transport)
        if let appProtocol { json["appProtocol"] = .string(appProtocol) }
        return json
    }

    static func < (left: Self, right: Self) -> Bool {
        (left.name, left.port, left.transport) < (right.name, right.port, right.transport)
    }
}
