public import JSONTree
public import KubernetesModel

/// What a pod demands of its node's labels: `spec.nodeSelector` and the required node affinity, both.
public struct RequiredAffinity: Sendable, Hashable {
    public let labels: [String: String]
    /// `nil` where the pod has no required affinity; without terms no node matches.
    public let selector: NodeSelector?

    public init(labels: [String: String] = [:], selector: NodeSelector? = nil) {
        self.labels = labels
        self.selector = selector
    }

    /// - Throws: `JSONError` naming the field that is malformed.
    public init(_ pod: KubernetesObject) throws(JSONError) {
        let spec = pod.json["spec"]
        labels = spec?["nodeSelector"]?.stringMap ?? [:]
        let key = "requiredDuringSchedulingIgnoredDuringExecution"
        if let json = spec?["affinity"]?["nodeAffinity"]?[key], !json.isNull {
            selector = try NodeSelector(json, at: "spec.affinity.nodeAffinity.\(key)")
        } else {
            selector = nil
        }
    }

    /// Whether every node will do.
    public var isEmpty: Bool { labels.isEmpty && selector == nil }

    public func matches(_ node: SchedulingNode) -> Bool {
        for (key, value) in labels where node.labels[key] != value { return false }
        return selector?.matches(labels: node.labels, name: node.name) ?? true
    }
}
