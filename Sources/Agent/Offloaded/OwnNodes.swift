import JSONTree
import KubernetesModel
import OffloadingModel

/// Keeps hubs' pods on this edge's own nodes, where it is an origin as well: its virtual nodes stand for other clusters, and
/// may be the very one that a pod came from.
///
/// Pure. The taint of virtual nodes does that for all pods but those that tolerate everything.
enum OwnNodes {
    private static let taint = Taint(key: Names.virtualNodeTaint, value: "true", effect: .noExecute)
    private static let isOwn: JSON = [
        "key": .string(Names.typeLabel), "operator": "NotIn", "values": [.string(Names.virtualNodeType)],
    ]

    /// The spec, with every alternative of its node affinity narrowed to own nodes where its tolerations open virtual ones.
    static func only(_ spec: JSON) -> JSON {
        let tolerations = (spec["tolerations"]?.array ?? []).compactMap(Toleration.init)
        guard taint.isTolerated(by: tolerations) else { return spec }
        let path = ["affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"]
        var spec = spec
        let terms = spec[path]?["nodeSelectorTerms"]?.array ?? []
        let narrowed = (terms.isEmpty ? [[:]] : terms).map { term -> JSON in
            var term = term
            let expressions = term["matchExpressions"]?.array ?? []
            // A term without any expression matches nothing, and goes on doing so.
            if terms.isEmpty || !expressions.isEmpty || term["matchFields"] != nil {
                term["matchExpressions"] = .array(expressions + (expressions.contains(isOwn) ? [] : [isOwn]))
            }
            return term
        }
        spec[path] = ["nodeSelectorTerms": .array(narrowed)]
        return spec
    }
}
