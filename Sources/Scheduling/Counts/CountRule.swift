import KubernetesModel

/// Which pods are counted in which domains.
enum CountRule: Sendable, Hashable {
    /// Those that a spread constraint counts.
    case spread(SpreadRule)
    /// Those that match all of a pod's terms, in the domains of one key.
    case matching([PodAffinityTerm], topologyKey: String)

    var topologyKey: String {
        switch self {
        case .spread(let rule): rule.topologyKey
        case .matching(_, let key): key
        }
    }

    /// Whether a node's label makes a domain, and its pods count.
    func includes(_ node: SchedulingNode) -> Bool {
        switch self {
        case .spread(let rule): rule.includes(node)
        case .matching: true
        }
    }

    /// Whether a pod is counted.
    func counts(_ pod: PlacedPod, namespaceLabels: (String) -> [String: String]) -> Bool {
        switch self {
        case .spread(let rule): return rule.counts(pod)
        case .matching(let terms, _):
            let namespace = pod.key.namespace
            return terms.allSatisfy {
                $0.matches(
                    namespace: namespace, labels: pod.labels,
                    // Looked up only for terms that ask.
                    namespaceLabels: $0.namespaceSelector == nil ? [:] : namespaceLabels(namespace))
            }
        }
    }

    /// The namespaces whose pods it may count; `nil` for all.
    var namespaces: [String]? {
        switch self {
        case .spread(let rule): [rule.namespace]
        case .matching(let terms, _): terms.first { $0.namespaceSelector == nil }?.namespaces
        }
    }

    /// A label that every counted pod has, where the rule demands one.
    var label: Label? {
        switch self {
        case .spread(let rule): Self.label(rule.selector)
        case .matching(let terms, _): terms.lazy.compactMap { Self.label($0.selector) }.first
        }
    }

    struct Label: Hashable {
        let key: String
        let value: String
    }

    private static func label(_ selector: LabelSelector?) -> Label? {
        let requirement = selector?.requirements.first { $0.operator == .in && $0.values.count == 1 }
        guard let requirement, let value = requirement.values.first else { return nil }
        return Label(key: requirement.key, value: value)
    }
}
