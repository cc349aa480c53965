import JSONTree
import KubernetesModel

/// The `EndpointSlice` objects that say the same as `Endpoints` which somebody made by hand.
struct MirroredSlicesPlan: Sendable {
    static let manager = "endpointslicemirroring-controller.k8s.io"
    /// The most addresses of one subset that are mirrored, as in Kubernetes.
    static let capacity = 1000
    static let skip = "endpointslice.kubernetes.io/skip-mirror"
    /// What leader election writes, which is no endpoint of anything.
    private static let leader = "control-plane.alpha.kubernetes.io/leader"
    private static let ownAnnotations = [
        "endpoints.kubernetes.io/last-change-trigger-time", "kubectl.kubernetes.io/last-applied-configuration",
    ]

    var create: [KubernetesObject] = []
    var update: [KubernetesObject] = []
    var delete: [KubernetesObject] = []

    private struct Form: Hashable {
        let ports: [ServicePort]
        let addressType: String
    }

    /// Whether `Endpoints` are to be mirrored, as far as they say so themselves.
    static func isMirrored(_ endpoints: KubernetesObject) -> Bool {
        !endpoints.isBeingDeleted && endpoints.label(skip) != "true" && endpoints.annotation(leader) == nil
            && endpoints.label(EndpointsPlan.managedBy) != EndpointsPlan.manager
    }

    /// - Parameters:
    ///   - endpoints: `nil` where nothing is to be mirrored: all slices go.
    ///   - current: the slices that mirror them now.
    init(of endpoints: KubernetesObject?, current: [KubernetesObject]) {
        var unused = Dictionary(current.map { ($0.name, $0) }) { first, _ in first }
        let wanted = endpoints.map(Self.slices) ?? []
        for slice in wanted {
            guard let there = unused.removeValue(forKey: slice.name) else {
                create.append(slice)
                continue
            }
            var next = there
            for key in ["endpoints", "ports"] where next.json[key] ?? .null != slice.json[key] ?? .null {
                next.json[key] = slice.json[key]
            }
            next.labels = slice.labels
            next.annotations = slice.annotations
            next.ownerReferences = slice.ownerReferences
            if next != there { update.append(next) }
        }
        delete = unused.values.sorted { $0.name < $1.name }
    }

    private static func slices(of endpoints: KubernetesObject) -> [KubernetesObject] {
        var contents: [Form: [JSON]] = [:]
        for subset in endpoints.json["subsets"]?.array ?? [] {
            let ports = (subset["ports"]?.array ?? []).map { port in
                ServicePort(
                    name: port["name"]?.string ?? "", port: port["port"]?.int ?? 0,
                    transport: port["protocol"]?.string ?? "TCP", appProtocol: port["appProtocol"]?.string)
            }
            let addresses =
                (subset["addresses"]?.array ?? []).map { ($0, true) }
                + (subset["notReadyAddresses"]?.array ?? []).map { ($0, false) }
            for (address, isReady) in addresses.prefix(capacity) {
                guard let ip = address["ip"]?.string else { continue }
                let form = Form(ports: ports.sorted(), addressType: ip.contains(":") ? "IPv6" : "IPv4")
                contents[form, default: []].append(endpoint(ip, address, isReady: isReady))
            }
        }
        return contents.map { form, content in slice(of: endpoints, form, content) }.sorted { $0.name < $1.name }
    }

    private static func endpoint(_ ip: String, _ address: JSON, isReady: Bool) -> JSON {
        var json: JSON = ["addresses": [.string(ip)], "conditions": ["ready": .bool(isReady)]]
        for field in ["hostname", "nodeName", "targetRef"] {
            if let value = address[field] { json[field] = value }
        }
        return json
    }

    /// The name follows from what the slice is for, so that the same content is found again.
    private static func slice(of endpoints: KubernetesObject, _ form: Form, _ content: [JSON]) -> KubernetesObject {
        let ports = form.ports.map { $0.json(namesEmpty: true) }
        let seed: JSON = ["ports": .array(ports), "family": .string(form.addressType)]
        var slice = KubernetesObject(
            .endpointSlices, name: "\(endpoints.name)-\(TemplateHash.of(seed, collisions: 0).suffix(5))",
            namespace: endpoints.namespace, ["addressType": .string(form.addressType)])
        slice.json["endpoints"] = .array(content)
        slice.json["ports"] = ports.isEmpty ? .null : .array(ports)
        var labels = endpoints.labels
        labels[EndpointSlicePlan.serviceName] = endpoints.name
        labels[EndpointSlicePlan.managedBy] = manager
        slice.labels = labels
        slice.annotations = endpoints.annotations.filter { !ownAnnotations.contains($0.key) }
        slice.ownerReferences = [OwnerReference(controller: endpoints)]
        return slice
    }
}
