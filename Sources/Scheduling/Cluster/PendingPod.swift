public import JSONTree
public import KubernetesModel

/// A pod that wants a node, with everything a decision looks at, read once.
public struct PendingPod: Sendable, Hashable {
    /// What it will count as once it is placed.
    public let asPlaced: PlacedPod
    public let tolerations: [Toleration]
    public let affinity: RequiredAffinity
    /// Preferred terms with their weights; `nil` where the pod has no preference.
    public let preferences: [Preference]?
    public let constraints: [SpreadConstraint]

    public struct Preference: Sendable, Hashable {
        /// 1 to 100.
        public let weight: Int
        public let term: NodeSelectorTerm

        public init(weight: Int, term: NodeSelectorTerm) {
            self.weight = weight
            self.term = term
        }
    }

    public var key: ObjectKey { asPlaced.key }

    /// - Throws: `JSONError` naming the field of the pod that is malformed.
    public init(_ pod: KubernetesObject) throws(JSONError) {
        asPlaced = PlacedPod(pod)
        tolerations = Toleration.all(of: pod)
        affinity = try RequiredAffinity(pod)
        constraints = try SpreadConstraint.all(of: pod)
        let key = "preferredDuringSchedulingIgnoredDuringExecution"
        if let terms = pod.json["spec"]?["affinity"]?["nodeAffinity"]?[key]?.array {
            var preferences: [Preference] = []
            for (place, term) in terms.enumerated() {
                let path = "spec.affinity.nodeAffinity.\(key)[\(place)]"
                let fields = try JSONFields(term, at: path)
                preferences.append(
                    Preference(
                        weight: try fields.int("weight", in: 0...100),
                        term: try NodeSelectorTerm(try fields.value("preference"), at: fields.name("preference"))))
            }
            self.preferences = preferences
        } else {
            preferences = nil
        }
    }
}
