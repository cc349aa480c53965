/// What the families of a view are worth to a pod, without what each node adds of its own.
///
/// Scores are stretched between the least and the most of all nodes that pass, so all families are looked at before any is scored.
struct FamilyScores {
    /// The families that pass, each with its part of the total.
    private(set) var scores: [(family: Int, score: Int)] = []

    /// How many pods a node's domain may have.
    private struct Bound {
        let slot: Int
        let counts: DomainCounts
        var least = 0
        var most = Int.max
    }

    private struct Part {
        let slot: Int
        let counts: DomainCounts
        let constraint: SpreadConstraint
        let isPerNode: Bool
    }

    private struct Weight {
        let slot: Int
        let counts: DomainCounts
        let weight: Int
    }

    init(_ view: TemplateView, _ snapshot: ClusterSnapshot) {
        var bounds: [Bound] = []
        var wanted: [Bound] = []
        var parts: [Part] = []
        var weights: [Weight] = []
        for (slot, topology) in view.topologies.enumerated() {
            guard let counts = snapshot.counts(topology.input.source) else { continue }
            switch topology.input.role {
            case .bounded(let constraint, let countsItself):
                let most = PodTopologySpread.most(constraint, counts, countsItself)
                bounds.append(Bound(slot: slot, counts: counts, most: most))
            case .unwanted: bounds.append(Bound(slot: slot, counts: counts, most: 0))
            case .wanted: wanted.append(Bound(slot: slot, counts: counts, least: 1))
            case .spread(let constraint):
                parts.append(Part(slot: slot, counts: counts, constraint: constraint, isPerNode: topology.isPerNode))
            case .weighed(let weight): weights.append(Weight(slot: slot, counts: counts, weight: weight))
            }
        }
        let mayBeFirst = view.matchesItself && wanted.allSatisfy { $0.counts.podsInDomains == 0 }
        select(view, mayBeFirst ? bounds : bounds + wanted)
        addSpread(view, parts)
        addAffinity(view, weights)
    }

    /// Finds the families that pass, and scores what needs no counts.
    private mutating func select(_ view: TemplateView, _ bounds: [Bound]) {
        var mostTaints = 0
        var mostPreference = 0
        scores.reserveCapacity(view.families.count)
        for number in view.families.indices where view.families[number].nodes > 0 {
            var passes = true
            for place in bounds.indices {
                let pods = bounds[place].counts.pods(at: view.families[number].likeness.slots[bounds[place].slot])
                if pods > bounds[place].most || pods < bounds[place].least { passes = false }
            }
            guard passes else { continue }
            scores.append((number, 0))
            mostTaints = max(mostTaints, view.families[number].likeness.taints)
            mostPreference = max(mostPreference, view.families[number].likeness.preference)
        }
        for place in scores.indices {
            let family = scores[place].family
            let taints = view.families[family].likeness.taints
            let preference = view.families[family].likeness.preference
            scores[place].score =
                stretched(taints, most: mostTaints, isReversed: true) * TaintToleration.weight
                + stretched(preference, most: mostPreference, isReversed: false) * NodeAffinity.weight
        }
    }

    /// Adds the score of `ScheduleAnyway` constraints.
    private mutating func addSpread(_ view: TemplateView, _ parts: [Part]) {
        guard !parts.isEmpty else { return }
        let slots = scores.map { view.families[$0.family].likeness.slots }
        let isScored = slots.map { slots in
            parts.allSatisfy { $0.constraint.isDefault || !slots[$0.slot].isMissing }
        }
        var weighings: [PodTopologySpreadScore.Weighing] = []
        for part in parts {
            var domains = 0
            var seen = Set<TopologySlot>()
            for place in scores.indices where isScored[place] {
                let slot = slots[place][part.slot]
                if part.isPerNode || !(slot.isShared || slot.isMissing) {
                    domains += view.families[scores[place].family].nodes
                } else if seen.insert(slot).inserted {
                    domains += 1
                }
            }
            weighings.append(
                PodTopologySpreadScore.Weighing(domains: domains, maxSkew: part.constraint.maxSkew))
        }
        let sums = scores.indices.map { place -> Int? in
            guard isScored[place] else { return nil }
            let pods = parts.map { part -> Int? in
                let slot = slots[place][part.slot]
                return slot.isMissing ? nil : part.counts.pods(at: slot)
            }
            return PodTopologySpreadScore.sum(pods, weighings)
        }
        for (place, score) in PodTopologySpreadScore.normalized(sums).enumerated() {
            scores[place].score += score * PodTopologySpreadScore.weight
        }
    }

    /// Adds the score of preferences for and against neighbours.
    private mutating func addAffinity(_ view: TemplateView, _ weights: [Weight]) {
        guard !weights.isEmpty, !scores.isEmpty else { return }
        let sums = scores.map { entry in
            weights.reduce(0) { sum, part in
                sum + part.weight * part.counts.pods(at: view.families[entry.family].likeness.slots[part.slot])
            }
        }
        let least = sums.min() ?? 0
        let most = sums.max() ?? 0
        for place in scores.indices {
            scores[place].score +=
                InterPodAffinity.stretched(sums[place], least: least, most: most) * InterPodAffinity.weight
        }
    }
}
