public import JSONTree
public import KubernetesModel
public import OffloadingModel

/// What happens to a pod in an offloaded namespace on its way in: the toleration, the node affinity and the scheduler that
/// its namespace's offloading asks for.
///
/// Pure and idempotent. The embedded cluster calls it as an admission hook; real clusters reach it by webhook.
public enum PodAdmission {
    /// - Throws: `JSONError` where the offloading's cluster selector or the pod's affinity is malformed.
    public static func admit(_ pod: inout KubernetesObject, _ offloading: NamespaceOffloading) throws(JSONError) {
        guard offloading.podOffloading != .local else { return }
        let selector = try offloading.clusterSelector()
        addToleration(to: &pod)
        let requirement = requirement(offloading.podOffloading, selector)
        if !requirement.isEmpty { addAffinity(requirement, to: &pod) }
        let scheduler = pod.spec["schedulerName"]?.string ?? ""
        if scheduler.isEmpty || scheduler == "default-scheduler" {
            pod.json["spec", "schedulerName"] = .string(Names.schedulerName)
        }
    }

    private static func addToleration(to pod: inout KubernetesObject) {
        let toleration: JSON = ["key": .string(Names.virtualNodeTaint), "operator": "Exists", "effect": "NoExecute"]
        var tolerations = pod.spec["tolerations"]?.array ?? []
        guard !tolerations.contains(toleration) else { return }
        tolerations.append(toleration)
        pod.json["spec", "tolerations"] = .array(tolerations)
    }

    private static let isVirtual: JSON = [
        "key": .string(Names.typeLabel), "operator": "In", "values": [.string(Names.virtualNodeType)],
    ]
    private static let isNotVirtual: JSON = [
        "key": .string(Names.typeLabel), "operator": "NotIn", "values": [.string(Names.virtualNodeType)],
    ]

    /// The terms, one of which a node must meet; none where every node will do.
    private static func requirement(_ strategy: PodOffloading, _ selector: NodeSelector?) -> [JSON] {
        let selected: [JSON] = (selector?.terms ?? []).map { term in
            var json: JSON = ["matchExpressions": .array(term.expressions.map(expression) + [isVirtual])]
            if !term.fields.isEmpty { json["matchFields"] = .array(term.fields.map(expression)) }
            return json
        }
        return switch strategy {
        case .local: []
        case .remote: selected.isEmpty ? [["matchExpressions": [isVirtual]]] : selected
        // Without a selector the toleration alone opens all virtual nodes beside the local ones.
        case .localAndRemote: selected.isEmpty ? [] : selected + [["matchExpressions": [isNotVirtual]]]
        }
    }

    private static func expression(_ requirement: LabelSelector.Requirement) -> JSON {
        var json: JSON = ["key": .string(requirement.key), "operator": .string(requirement.operator.rawValue)]
        if !requirement.values.isEmpty { json["values"] = JSON(requirement.values) }
        return json
    }

    /// Each term the pod has, together with each term required: terms are alternatives, expressions within one must all hold.
    private static func addAffinity(_ required: [JSON], to pod: inout KubernetesObject) {
        let path = ["affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"]
        var spec = pod.spec
        let own = spec[path]?["nodeSelectorTerms"]?.array ?? []
        guard !own.isEmpty else {
            spec[path] = ["nodeSelectorTerms": .array(required)]
            pod.spec = spec
            return
        }
        // Admitted before: nothing is added twice.
        if own.allSatisfy({ term in required.contains { holds($0, within: term) } }) { return }
        var terms: [JSON] = []
        for term in own {
            for more in required {
                var both = term
                for key in ["matchExpressions", "matchFields"] {
                    let joined = (term[key]?.array ?? []) + (more[key]?.array ?? [])
                    if !joined.isEmpty { both[key] = .array(joined) }
                }
                terms.append(both)
            }
        }
        spec[path] = ["nodeSelectorTerms": .array(terms)]
        pod.spec = spec
    }

    private static func holds(_ required: JSON, within term: JSON) -> Bool {
        ["matchExpressions", "matchFields"].allSatisfy { key in
            let present = term[key]?.array ?? []
            return (required[key]?.array ?? []).allSatisfy(present.contains)
        }
    }
}
