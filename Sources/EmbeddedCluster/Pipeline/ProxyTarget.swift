import ClusterAPI
import JSONTree
import KubernetesModel

/// Where a proxied request goes: a port of a pod.
struct ProxyTarget: Sendable {
    let pod: KubernetesObject
    let port: Int

    /// A pod's or service's name with what may stand around it: `NAME`, `NAME:PORT`, `SCHEME:NAME:PORT`.
    struct Place: Sendable, Hashable {
        var scheme = ""
        var name: String
        /// A number or a name; empty where none is said.
        var port = ""

        init(_ text: String) throws(APIError) {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            switch parts.count {
            case 1: name = text
            case 2: (name, port) = (parts[0], parts[1])
            case 3: (scheme, name, port) = (parts[0], parts[1], parts[2])
            default: throw APIError.badRequest("invalid request \"\(text)\"")
            }
            guard !name.isEmpty, ["", "http", "https"].contains(scheme) else {
                throw APIError.badRequest("invalid request \"\(text)\"")
            }
            guard scheme != "https" else {
                throw APIError.badRequest("\"\(text)\": the proxy of this cluster speaks plain HTTP to pods, not https")
            }
        }
    }
}

extension ResourcePipeline {
    /// The pod that answers `pods/NAME/proxy` or `services/NAME/proxy`.
    func proxyTarget(
        _ definition: ResourceDefinition, namespace: String?, _ place: ProxyTarget.Place
    ) throws(APIError) -> ProxyTarget {
        let object = try get(definition, namespace: namespace, name: place.name).object
        guard definition.type == .services else {
            let ports = (object.spec["containers"]?.array ?? []).flatMap { $0["ports"]?.array ?? [] }
            let usual = ports.first?["containerPort"]?.int ?? 80
            let port =
                place.port.isEmpty
                ? usual : Int(place.port) ?? ports.first { $0["name"]?.string == place.port }?["containerPort"]?.int
            guard let port, (1...65535).contains(port) else {
                throw APIError.badRequest("invalid port \"\(place.port)\"")
            }
            return ProxyTarget(pod: object, port: port)
        }
        return try target(of: object, place)
    }

    /// Any of the pods behind a service that are ready.
    private func target(of service: KubernetesObject, _ place: ProxyTarget.Place) throws(APIError) -> ProxyTarget {
        var name = place.port
        if let number = Int(place.port) {
            let port = (service.spec["ports"]?.array ?? []).first { $0["port"]?.int == number }
            guard let port else {
                throw APIError.unavailable("no service port \(number) found for service \"\(service.name)\"")
            }
            name = port["name"]?.string ?? ""
        }
        let endpoints = try? get(try definition(.endpoints), namespace: service.namespace, name: service.name).object
        var targets: [ProxyTarget] = []
        for subset in endpoints?.json["subsets"]?.array ?? [] {
            let ports = subset["ports"]?.array ?? []
            guard let port = ports.first(where: { $0["name"]?.string ?? "" == name })?["port"]?.int else { continue }
            for address in subset["addresses"]?.array ?? [] {
                guard let pod = address["targetRef"], pod["kind"] == "Pod", let podName = pod["name"]?.string,
                    let found = try? get(try definition(.pods), namespace: service.namespace, name: podName).object
                else { continue }
                targets.append(ProxyTarget(pod: found, port: port))
            }
        }
        guard let target = targets.randomElement() else {
            throw APIError.unavailable("no endpoints available for service \"\(place.name)\"")
        }
        return target
    }
}
