import OffloadingModel

/// Which namespaces a hub may not have on this edge, whoever controls the hub.
enum NamespacePolicy {
    /// - Returns: why there will be no such namespace for a hub; `nil` where there may.
    static func objection(to name: String) -> String? {
        guard name == Names.systemNamespace || name == "default" || name.hasPrefix("kube-") else { return nil }
        return "\(name) is the edge's own; choose another namespace or mapping strategy"
    }

    /// The labels that a hub may set: those that loosen what pods may do are the edge's to set.
    static func allowed(_ labels: [String: String]) -> [String: String] {
        labels.filter { !$0.key.hasPrefix("pod-security.kubernetes.io/") }
    }

    /// The annotations that a hub may set: its policies. Others may say to an edge's admission what pods may do, or where they go.
    static func allowed(annotations: [String: String]) -> [String: String] {
        annotations.filter { Fence.policies.contains($0.key) }
    }
}
