import JSONTree
import KubernetesModel

/// The `EndpointSlice` objects of a Service: each pod in one slice, slices of one set of ports and address family.
///
/// A pod stays in its slice as long as it can, so that one pod's change rewrites one slice of at most `capacity` endpoints.
struct EndpointSlicePlan: Sendable {
    static let capacity = 100
    static let serviceName = "kubernetes.io/service-name"
    static let managedBy = "endpointslice.kubernetes.io/managed-by"
    static let manager = "endpointslice-controller.k8s.io"

    var create: [KubernetesObject] = []
    var update: [KubernetesObject] = []
    var delete: [KubernetesObject] = []

    private struct Form: Hashable {
        let ports: [ServicePort]
        let addressType: String
    }

    /// - Parameter current: the slices that this controller made for the Service.
    init(of service: KubernetesObject, _ backends: [ServiceBackend], current: [KubernetesObject]) {
        var forms = Dictionary(grouping: backends) {
            Form(ports: $0.ports, addressType: $0.address.contains(":") ? "IPv6" : "IPv4")
        }
        // A Service without any pod has one slice all the same, as a sign that somebody looks after it.
        if forms.isEmpty { forms[Form(ports: [], addressType: "IPv4")] = [] }
        var unused = current.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        var taken = Set(unused.map(\.name))
        for form in forms.keys.sorted(by: Self.isBefore) {
            let fields = Self.fields(of: form)
            var slices = unused.filter { Self.isSlice($0, of: form) }
            unused.removeAll { slice in slices.contains { $0.name == slice.name } }
            for (place, content) in Self.distribute(forms[form] ?? [], over: slices).enumerated() {
                if content.isEmpty, place > 0 || forms.count > 1 {
                    if slices.indices.contains(place) { delete.append(slices[place]) }
                    continue
                }
                let isNew = !slices.indices.contains(place)
                if isNew {
                    slices.append(Self.new(of: service, taken: &taken, form.ports))
                }
                var slice = slices[place]
                // An absent list and a null one are the same, and no reason to write.
                for (key, value) in fields where slice.json[key] ?? .null != value { slice.json[key] = value }
                slice.labels = Self.labels(of: service)
                slice.json["endpoints"] = .array(content.map(Self.endpoint))
                if isNew { create.append(slice) } else if slice != slices[place] { update.append(slice) }
            }
        }
        delete += unused
    }

    /// The backends by slice: where they are already, then wherever there is room, then in new slices.
    private static func distribute(_ backends: [ServiceBackend], over slices: [KubernetesObject]) -> [[ServiceBackend]]
    {
        var home: [String: Int] = [:]
        for (place, slice) in slices.enumerated() {
            for endpoint in slice.json["endpoints"]?.array ?? [] {
                if let uid = endpoint["targetRef"]?["uid"]?.string { home[uid] = place }
            }
        }
        var contents = Array(repeating: [ServiceBackend](), count: max(1, slices.count))
        var homeless: [ServiceBackend] = []
        for backend in backends {
            if let place = home[backend.podUID], contents[place].count < capacity {
                contents[place].append(backend)
            } else {
                homeless.append(backend)
            }
        }
        var place = 0
        for backend in homeless {
            while place < contents.count, contents[place].count >= capacity { place += 1 }
            if place == contents.count { contents.append([]) }
            contents[place].append(backend)
        }
        // In one order, however they came there: the same pods make the same slice.
        return contents.map { $0.sorted { ($0.address, $0.podName) < ($1.address, $1.podName) } }
    }

    private static func isBefore(_ left: Form, _ right: Form) -> Bool {
        left.ports == right.ports
            ? left.addressType < right.addressType : left.ports.lexicographicallyPrecedes(right.ports)
    }

    private static func fields(of form: Form) -> JSONObject {
        [
            "addressType": .string(form.addressType),
            "ports": form.ports.isEmpty ? .null : .array(form.ports.map { $0.json(namesEmpty: true) }),
        ]
    }

    private static func isSlice(_ slice: KubernetesObject, of form: Form) -> Bool {
        let ports = (slice.json["ports"]?.array ?? []).map { port in
            ServicePort(
                name: port["name"]?.string ?? "", port: port["port"]?.int ?? 0,
                transport: port["protocol"]?.string ?? "TCP", appProtocol: port["appProtocol"]?.string)
        }
        return slice.json["addressType"]?.string == form.addressType && ports.sorted() == form.ports
    }

    private static func labels(of service: KubernetesObject) -> [String: String] {
        var labels = service.labels
        labels[serviceName] = service.name
        labels[managedBy] = manager
        labels[EndpointsPlan.headless] = service.spec["clusterIP"]?.string == "None" ? "" : nil
        return labels
    }

    /// The name follows from what the slice is for, so that making it twice is refused the second time.
    private static func new(of service: KubernetesObject, taken: inout Set<String>, _ ports: [ServicePort])
        -> KubernetesObject
    {
        var seed: JSON = ["service": .string(service.uid), "ports": .array(ports.map { $0.json(namesEmpty: true) })]
        var name = ""
        for attempt in 0... {
            seed["attempt"] = JSON(attempt)
            name = "\(service.name)-\(TemplateHash.of(seed, collisions: 0).suffix(5))"
            if taken.insert(name).inserted { break }
        }
        var slice = KubernetesObject(.endpointSlices, name: name, namespace: service.namespace)
        slice.ownerReferences = [OwnerReference(controller: service)]
        return slice
    }

    private static func endpoint(_ backend: ServiceBackend) -> JSON {
        var json: JSON = [
            "addresses": [.string(backend.address)],
            "conditions": [
                "ready": .bool(backend.isReady), "serving": .bool(backend.isServing),
                "terminating": .bool(backend.isTerminating),
            ],
        ]
        if !backend.hostname.isEmpty { json["hostname"] = .string(backend.hostname) }
        if !backend.node.isEmpty { json["nodeName"] = .string(backend.node) }
        json["targetRef"] = backend.targetReference
        return json
    }
}
