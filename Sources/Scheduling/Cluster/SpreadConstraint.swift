public import JSONTree
public import KubernetesModel

/// One entry of a pod's `spec.topologySpreadConstraints`, ready for counting (`core/v1 TopologySpreadConstraint`).
public struct SpreadConstraint: Sendable, Hashable {
    /// At least 1.
    public let maxSkew: Int
    public let topologyKey: String
    /// `DoNotSchedule`, against `ScheduleAnyway`.
    public let isHard: Bool
    /// Which pods count, with what `matchLabelKeys` adds; `nil` for none.
    public let selector: LabelSelector?
    /// With fewer domains than this the emptiest counts as holding none.
    public let minDomains: Int
    /// `nodeAffinityPolicy: Honor`: only nodes the pod's own affinity allows are domains.
    public let honorsAffinity: Bool
    /// `nodeTaintsPolicy: Honor`: nodes with taints the pod does not tolerate are no domains.
    public let honorsTaints: Bool
    /// Whether it is one of those that pods of a workload have when they name none; those bear nodes without the label.
    public let isDefault: Bool

    public init(
        maxSkew: Int, topologyKey: String, isHard: Bool, selector: LabelSelector?, minDomains: Int = 1,
        honorsAffinity: Bool = true, honorsTaints: Bool = false, isDefault: Bool = false
    ) {
        self.maxSkew = maxSkew
        self.topologyKey = topologyKey
        self.isHard = isHard
        self.selector = selector
        self.minDomains = minDomains
        self.honorsAffinity = honorsAffinity
        self.honorsTaints = honorsTaints
        self.isDefault = isDefault
    }

    /// - Parameter labels: the pod's, for `matchLabelKeys`.
    /// - Throws: `JSONError` naming the field that is malformed.
    init(_ json: JSON, at path: String, labels: [String: String]) throws(JSONError) {
        let fields = try JSONFields(json, at: path)
        var selector: LabelSelector?
        if let json = fields.optional("labelSelector") {
            selector = try LabelSelector(json, at: fields.name("labelSelector"))
        }
        let added = try fields.strings("matchLabelKeys", limit: 100).compactMap { key in
            labels[key].map { LabelSelector.Requirement(key: key, operator: .in, values: [$0]) }
        }
        if !added.isEmpty { selector = LabelSelector((selector?.requirements ?? []) + added) }
        self.init(
            maxSkew: try fields.int("maxSkew", in: 1...Int(Int32.max)),
            topologyKey: try fields.string("topologyKey"),
            isHard: try fields.optionalString("whenUnsatisfiable") != "ScheduleAnyway",
            selector: selector,
            minDomains: try fields.optionalInt("minDomains", in: 1...Int(Int32.max)) ?? 1,
            honorsAffinity: try fields.optionalString("nodeAffinityPolicy") != "Ignore",
            honorsTaints: try fields.optionalString("nodeTaintsPolicy") == "Honor")
    }

    /// The constraints of a pod, in their order.
    ///
    /// - Throws: `JSONError` naming the field that is malformed.
    public static func all(of pod: KubernetesObject) throws(JSONError) -> [SpreadConstraint] {
        let elements = pod.json["spec"]?["topologySpreadConstraints"]?.array ?? []
        guard !elements.isEmpty else { return [] }
        let labels = pod.labels
        var constraints: [SpreadConstraint] = []
        for (place, element) in elements.enumerated() {
            let path = "spec.topologySpreadConstraints[\(place)]"
            constraints.append(try SpreadConstraint(element, at: path, labels: labels))
        }
        return constraints
    }

    /// What kube-scheduler spreads the pods of a Service or workload by when they name no constraints (its system defaults).
    ///
    /// - Parameter selector: the pods of the same Service or workload.
    public static func defaults(_ selector: LabelSelector) -> [SpreadConstraint] {
        [("topology.kubernetes.io/zone", 3), ("kubernetes.io/hostname", 5)].map { key, skew in
            SpreadConstraint(maxSkew: skew, topologyKey: key, isHard: false, selector: selector, isDefault: true)
        }
    }
}
