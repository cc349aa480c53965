import JSONTree
import KubernetesModel

extension PlacementQuestion {
    /// No name of Kubernetes' has a slash: it is nobody else's.
    private static let prefix = "plan/"

    /// The number, from 0, of the new pod that a plan calls so; `nil` for a pod that exists.
    public static func number(ofNewPod name: String) -> Int? {
        name.hasPrefix(prefix) ? Int(name.dropFirst(prefix.count)) : nil
    }

    /// A pod that does not exist yet; with a node where it has been decided upon.
    func newPod(_ number: Int, on node: String? = nil) -> KubernetesObject {
        var pod = template
        pod.json["metadata", "name"] = .string("\(Self.prefix)\(number)")
        if let node { pod.json["spec", "nodeName"] = .string(node) }
        return pod
    }

    /// What would move then.
    ///
    /// - Parameters:
    ///   - own: the workload's pods, each with its node.
    ///   - pods: all that are there by then, the workload's or not.
    func rebalancing(_ own: [KubernetesObject], among pods: [KubernetesObject], _ nodes: [KubernetesObject])
        -> [RebalanceMove]
    {
        let known = Set(own.map(\.key))
        var workload = RebalanceQuestion.Workload(
            name: "", selector: workload ?? LabelSelector(matchLabels: template.labels), pods: own)
        workload.template = template
        return RebalanceQuestion(
            nodes: nodes.map { SchedulingNode($0, state: EdgeState(shownBy: $0)) },
            pods: own + pods.filter { !known.contains($0.key) }, workloads: [workload], fill: fill
        ).answer()
    }
}
