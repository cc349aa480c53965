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
    /// Only `DoNotSchedule` constraints bind; a node that is gone, whose edge is no domain now, or that lacks a constraint's
    /// label is no domain. Pods that a constraint counts and that are none of the workload's (of the ReplicaSet that a rollout
    /// grows or shrinks beside it) count too, so that a rollout keeps the skew as well.
    ///
    /// - Parameters:
    ///   - pods: all active pods of the workload.
    ///   - neighbours: all pods of the namespace; those among `pods`, on their way out or at their end do not count twice.
    ///   - node: the node of a name, `nil` where it is gone.
    ///   - count: how many are to go.
    public static func surplus(
        of pods: [KubernetesObject], among neighbours: [KubernetesObject] = [],
        node: (String) -> KubernetesObject?, count: Int
    ) -> [KubernetesObject] {
        guard count > 0, let template = pods.first else { return [] }
        let binding = ((try? SpreadConstraint.all(of: template)) ?? []).filter { $0.isHard }
        func labels(_ pod: KubernetesObject) -> [String: String]? {
            guard let node = pod.json["spec"]?["nodeName"]?.string.flatMap(node),
                EdgeState(shownBy: node).isSpreadDomain
            else { return nil }
            return node.labels
        }
        let candidates = pods.enumerated().map { place, pod in
            let labels = binding.isEmpty ? nil : labels(pod)
            return SurplusCandidate(pod, place: place, domains: binding.map { labels?[$0.topologyKey] })
        }
        var constraints = binding.map { SurplusConstraint(maxSkew: $0.maxSkew) }
        let own = Set(pods.map(\.uid))
        for pod in binding.isEmpty ? [] : neighbours {
            guard !own.contains(pod.uid), !pod.isBeingDeleted, !pod.isFinishedPod, let labels = labels(pod)
            else { continue }
            for (place, constraint) in binding.enumerated() where constraint.selector?.matches(pod.labels) ?? false {
                if let domain = labels[constraint.topologyKey] { constraints[place].others[domain, default: 0] += 1 }
            }
        }
        let order = surplus(of: candidates, constraints: constraints, count: count)
        return order.compactMap { pods.indices.contains($0.place) ? pods[$0.place] : nil }
    }
}
