public import JSONTree
public import KubernetesModel

/// A pod that wants a node, with everything a decision looks at, read once.
public struct PendingPod: Sendable, Hashable {
    /// What it will count as once it is placed.
    public let asPlaced: PlacedPod
    /// What it shares with the other pods of its workload.
    public let template: PodTemplate
    /// `preemptionPolicy: Never`: it waits until there is room.
    public let neverPreempts: Bool
    /// The node on which room was made for it (`status.nominatedNodeName`); empty for none.
    public let nominatedNode: String

    public var key: ObjectKey { asPlaced.key }
    public var priority: Int { asPlaced.priority }
    public var tolerations: [Toleration] { template.tolerations }
    public var affinity: RequiredAffinity { template.affinity }
    /// Preferred terms with their weights; `nil` where the pod has no preference.
    public var preferences: [Preference]? { template.preferences }
    public var constraints: [SpreadConstraint] { template.constraints }

    /// - Parameter workload: selects the pods of the same Service or workload; a pod without constraints is spread from them as
    ///   kube-scheduler spreads by default. `nil` for a pod of neither.
    /// - Throws: `JSONError` naming the field of the pod that is malformed.
    public init(_ pod: KubernetesObject, workload: LabelSelector? = nil) throws(JSONError) {
        asPlaced = PlacedPod(pod)
        template = try PodTemplate(pod, as: asPlaced, workload: workload)
        neverPreempts = pod.json["spec"]?["preemptionPolicy"]?.string == "Never"
        nominatedNode = pod.json["status"]?["nominatedNodeName"]?.string ?? ""
    }
}

extension PendingPod {
    /// One entry of the preferred node affinity (`core/v1 PreferredSchedulingTerm`).
    public struct Preference: Sendable, Hashable {
        /// 1 to 100.
        public let weight: Int
        public let term: NodeSelectorTerm

        public init(weight: Int, term: NodeSelectorTerm) {
            self.weight = weight
            self.term = term
        }

        /// - Returns: `nil` where the pod has no list of preferences, not even an empty one.
        /// - Throws: `JSONError` naming the field that is malformed.
        static func all(of pod: KubernetesObject) throws(JSONError) -> [Preference]? {
            let key = "preferredDuringSchedulingIgnoredDuringExecution"
            guard let terms = pod.json["spec"]?["affinity"]?["nodeAffinity"]?[key]?.array else { return nil }
            var preferences: [Preference] = []
            for (place, term) in terms.enumerated() {
                let fields = try JSONFields(term, at: "spec.affinity.nodeAffinity.\(key)[\(place)]")
                preferences.append(
                    Preference(
                        weight: try fields.int("weight", in: 0...100),
                        term: try NodeSelectorTerm(try fields.value("preference"), at: fields.name("preference"))))
            }
            return preferences
        }
    }
}
