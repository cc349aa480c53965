import JSONTree
public import KubernetesModel

/// Which pods of a workload go first when it has too many.
public enum PodPlacement {
    /// The order in which to delete pods so that what remains stays spread.
    ///
    /// At every step, among all pods left, first those go that leave the least skew beyond their constraints' `maxSkew`; so no
    /// scale-down ever breaks a spread that held. Pods without a node are in no domain and go first. Among equals the order is
    /// that of Kubernetes' ReplicaSet controller: Pending, Unknown, Running; not ready before ready; lower
    /// `controller.kubernetes.io/pod-deletion-cost`; the node with more of the pods; ready for a shorter time; more restarts;
    /// newer. Where everything is equal names decide, so the same input always gives the same order.
    ///
    /// - Parameters:
    ///   - candidates: all active pods of the workload, not only those that may go.
    ///   - constraints: in the order of each candidate's `domains`.
    ///   - count: how many are to go; all are ranked where there are fewer.
    public static func surplus(
        of candidates: [SurplusCandidate], constraints: [SurplusConstraint], count: Int
    ) -> [SurplusCandidate] {
        var ranking = SurplusRanking(candidates, constraints)
        var order: [SurplusCandidate] = []
        while order.count < count, let next = ranking.removeNext() { order.append(next) }
        return order
    }

    /// The order in which to delete pods of one template, by the spread constraints that the pods themselves carry.
    ///
    /// Only `DoNotSchedule` constraints bind; a node that is unknown or lacks a constraint's label is no domain.
    ///
    /// - Parameters:
    ///   - pods: all active pods of the workload.
    ///   - labelsOfNode: the labels of a node, `nil` for nodes that are gone or no domain (see `EdgeState.isSpreadDomain`).
    ///   - count: how many are to go.
    public static func surplus(
        of pods: [KubernetesObject], labelsOfNode: (String) -> [String: String]?, count: Int
    ) -> [KubernetesObject] {
        guard count > 0, let template = pods.first else { return [] }
        let constraints = (try? SpreadConstraint.all(of: template)) ?? []
        let binding = constraints.filter { $0.isHard }
        let candidates = pods.enumerated().map { place, pod in
            let labels = pod.json["spec"]?["nodeName"]?.string.flatMap(labelsOfNode)
            return SurplusCandidate(pod, place: place, domains: binding.map { labels?[$0.topologyKey] })
        }
        let order = surplus(
            of: candidates, constraints: binding.map { SurplusConstraint(maxSkew: $0.maxSkew) }, count: count)
        return order.compactMap { pods.indices.contains($0.place) ? pods[$0.place] : nil }
    }
}
