/// The pods that remain, by where they are, while a scale-down takes one after the other.
///
/// Pods of one node and equal domains only differ by rules that do not change on the way, so each such group is sorted once
/// and every step compares the groups' first pods: steps times groups, not steps times pods.
struct SurplusRanking {
    private struct Group {
        let node: String
        let domains: [String?]
        /// The one that goes first is last.
        var pods: [SurplusCandidate]
    }

    private struct Place: Hashable {
        let node: String
        let domains: [String?]
    }

    private let constraints: [SurplusConstraint]
    private var groups: [Group]
    private var onNode: [String: Int] = [:]
    /// Pods by domain, one dictionary a constraint.
    private var counts: [[String: Int]]

    init(_ candidates: [SurplusCandidate], _ constraints: [SurplusConstraint]) {
        self.constraints = constraints
        counts = constraints.map(\.others)
        for candidate in candidates {
            onNode[candidate.node, default: 0] += 1
            for (place, domain) in candidate.domains.enumerated() where counts.indices.contains(place) {
                if let domain { counts[place][domain, default: 0] += 1 }
            }
        }
        let byPlace = Dictionary(grouping: candidates) { Place(node: $0.node, domains: $0.domains) }
        groups = byPlace.map { place, pods in
            Group(
                node: place.node, domains: place.domains,
                pods: pods.sorted { SurplusCandidate.goesFirst($1, $0, neighbours: (0, 0)) })
        }
    }

    /// Takes the pod that goes next; `nil` when none is left.
    mutating func removeNext() -> SurplusCandidate? {
        var best: (group: Int, excess: Int, pod: SurplusCandidate)?
        for (place, group) in groups.enumerated() {
            guard let pod = group.pods.last else { continue }
            // A pod without a node is in nobody's way, whatever the spread.
            let excess = group.node.isEmpty ? -1 : excess(without: group.domains)
            if let current = best {
                if excess > current.excess { continue }
                let neighbours = (onNode[pod.node] ?? 0, onNode[current.pod.node] ?? 0)
                if excess == current.excess,
                    !SurplusCandidate.goesFirst(pod, current.pod, neighbours: neighbours)
                {
                    continue
                }
            }
            best = (place, excess, pod)
        }
        guard let best else { return nil }
        groups[best.group].pods.removeLast()
        onNode[best.pod.node, default: 1] -= 1
        for (place, domain) in best.pod.domains.enumerated() where counts.indices.contains(place) {
            if let domain { counts[place][domain, default: 1] -= 1 }
        }
        return best.pod
    }

    /// By how much the skews exceed what is allowed once a pod of these domains is gone.
    private func excess(without domains: [String?]) -> Int {
        var excess = 0
        for (place, constraint) in constraints.enumerated() {
            let gone = domains.indices.contains(place) ? domains[place] : nil
            var least = Int.max
            var most = 0
            for (domain, count) in counts[place] {
                let remaining = domain == gone ? count - 1 : count
                least = min(least, remaining)
                most = max(most, remaining)
            }
            if least < Int.max { excess += max(0, most - least - constraint.maxSkew) }
        }
        return excess
    }
}
