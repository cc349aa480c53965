/// What the groups of a view are worth to a pod, without what each node adds of its own.
///
/// Scores are stretched between the least and the most of all nodes that pass, so all groups are looked at before any is scored.
struct GroupScores {
    /// The groups that pass, each with its part of the total.
    private(set) var scores: [(group: Int, score: Int)] = []

    init(_ view: TemplateView, _ snapshot: ClusterSnapshot) {
        let hard = view.topologies.prefix { $0.constraint.isHard }
        let bounds = hard.map { topology in
            let counts = snapshot.counts[topology.counts]
            return (counts: counts, most: PodTopologySpread.most(topology.constraint, counts, topology.countsItself))
        }
        var mostTaints = 0
        var mostPreference = 0
        scores.reserveCapacity(view.groups.count)
        for number in view.groups.indices where view.groups[number].nodes > 0 {
            var passes = true
            for place in bounds.indices {
                let pods = bounds[place].counts.pods(at: view.groups[number].likeness.slots[place])
                if pods > bounds[place].most { passes = false }
            }
            guard passes else { continue }
            scores.append((number, 0))
            mostTaints = max(mostTaints, view.groups[number].likeness.taints)
            mostPreference = max(mostPreference, view.groups[number].likeness.preference)
        }
        for place in scores.indices {
            let group = scores[place].group
            let taints = view.groups[group].likeness.taints
            let preference = view.groups[group].likeness.preference
            scores[place].score =
                stretched(taints, most: mostTaints, isReversed: true) * TaintToleration.weight
                + stretched(preference, most: mostPreference, isReversed: false) * NodeAffinity.weight
        }
        addSpread(view, snapshot, soft: hard.count..<view.topologies.count)
    }

    /// The score of `ScheduleAnyway` constraints.
    private mutating func addSpread(_ view: TemplateView, _ snapshot: ClusterSnapshot, soft: Range<Int>) {
        guard !soft.isEmpty else { return }
        let slots = scores.map { view.groups[$0.group].likeness.slots }
        let isScored = slots.map { slots in soft.allSatisfy { !slots[$0].isMissing } }
        var parts: [PodTopologySpreadScore.Weighing] = []
        for number in soft {
            let topology = view.topologies[number]
            var domains = 0
            var seen = Set<TopologySlot>()
            for place in scores.indices where isScored[place] {
                let slot = slots[place][number]
                if !slot.isShared {
                    domains += view.groups[scores[place].group].nodes
                } else if seen.insert(slot).inserted {
                    domains += 1
                }
            }
            parts.append(PodTopologySpreadScore.Weighing(domains: domains, maxSkew: topology.constraint.maxSkew))
        }
        var raw: [Int?] = []
        for place in scores.indices {
            guard isScored[place] else {
                raw.append(nil)
                continue
            }
            let counts = soft.map { snapshot.counts[view.topologies[$0].counts].pods(at: slots[place][$0]) }
            raw.append(PodTopologySpreadScore.sum(counts, parts))
        }
        for (place, score) in PodTopologySpreadScore.normalized(raw).enumerated() {
            scores[place].score += score * PodTopologySpreadScore.weight
        }
    }
}
