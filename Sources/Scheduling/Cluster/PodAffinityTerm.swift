import JSONTree
public import KubernetesModel

/// One term of a pod's affinity or anti-affinity to other pods (`core/v1 PodAffinityTerm`), ready for matching.
public struct PodAffinityTerm: Sendable, Hashable {
    public let topologyKey: String
    /// With what `matchLabelKeys` and `mismatchLabelKeys` add; `nil` matches no pod.
    public let selector: LabelSelector?
    /// By name, in order; the pod's own where the term names none and has no selector of namespaces.
    public let namespaces: [String]
    /// Further namespaces by their labels; `nil` for none.
    public let namespaceSelector: LabelSelector?

    public init(
        topologyKey: String, selector: LabelSelector?, namespaces: [String], namespaceSelector: LabelSelector? = nil
    ) {
        self.topologyKey = topologyKey
        self.selector = selector
        self.namespaces = namespaces
        self.namespaceSelector = namespaceSelector
    }

    /// - Parameter pod: the pod that has the term.
    /// - Throws: `JSONError` naming the field that is malformed.
    init(_ json: JSON, at path: String, of pod: KubernetesObject) throws(JSONError) {
        let fields = try JSONFields(json, at: path)
        topologyKey = try fields.string("topologyKey")
        if let json = fields.optional("labelSelector") {
            let own = try LabelSelector(json, at: fields.name("labelSelector"))
            let labels = pod.labels
            func requirements(
                _ field: String, _ operation: LabelSelector.Operator
            ) throws(JSONError) -> [LabelSelector.Requirement] {
                try fields.strings(field, limit: 100).compactMap { key in
                    labels[key].map { LabelSelector.Requirement(key: key, operator: operation, values: [$0]) }
                }
            }
            // An API server has added them already; adding them twice selects the same.
            selector = LabelSelector(
                own.requirements + (try requirements("matchLabelKeys", .in))
                    + (try requirements("mismatchLabelKeys", .notIn)))
        } else {
            selector = nil
        }
        if let json = fields.optional("namespaceSelector") {
            namespaceSelector = try LabelSelector(json, at: fields.name("namespaceSelector"))
        } else {
            namespaceSelector = nil
        }
        let named = try fields.strings("namespaces", limit: 10_000)
        namespaces = named.isEmpty && namespaceSelector == nil ? [pod.namespace] : Set(named).sorted()
    }

    /// Whether a pod is one of those that the term is about.
    ///
    /// - Parameter namespaceLabels: those of the pod's namespace.
    public func matches(namespace: String, labels: [String: String], namespaceLabels: [String: String]) -> Bool {
        guard let selector else { return false }
        let isThere = namespaces.contains(namespace) || (namespaceSelector?.matches(namespaceLabels) ?? false)
        return isThere && selector.matches(labels)
    }
}
