import JSONTree
public import KubernetesModel

/// A PodDisruptionBudget as preemption sees it.
public struct DisruptionBudget: Sendable, Hashable {
    public let namespace: String
    /// Matches no pod where it has no requirement.
    public let selector: LabelSelector
    /// `status.disruptionsAllowed`.
    public let allowed: Int
    /// Pods whose eviction is under way and counted already.
    public let disrupted: Set<String>

    public init(namespace: String, selector: LabelSelector, allowed: Int, disrupted: Set<String> = []) {
        self.namespace = namespace
        self.selector = selector
        self.allowed = allowed
        self.disrupted = disrupted
    }

    /// - Returns: `nil` where the selector is missing or malformed; such a budget protects nothing.
    public init?(_ budget: KubernetesObject) {
        guard let json = budget.json["spec"]?["selector"], let selector = try? LabelSelector(json) else { return nil }
        let status = budget.json["status"]
        var disrupted: Set<String> = []
        if case .object(let pods)? = status?["disruptedPods"] { for (name, _) in pods { disrupted.insert(name) } }
        self.init(
            namespace: budget.namespace, selector: selector, allowed: status?["disruptionsAllowed"]?.int ?? 0,
            disrupted: disrupted)
    }

    func covers(_ pod: PlacedPod) -> Bool {
        namespace == pod.key.namespace && !selector.isEmpty && selector.matches(pod.labels)
            && !disrupted.contains(pod.key.name)
    }
}
