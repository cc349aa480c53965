import KubernetesModel

/// All nodes as the pods of one template see them: in groups of nodes that only differ in how full they are.
///
/// The view is brought up to date by the nodes that changed, and a decision compares families of groups: neither the number of
/// nodes nor that of pods counts. What it chooses is what `SchedulingCycle` and `TieBreak` would choose; tests hold it to that.
struct TemplateView: Sendable {
    /// A topology input and how it was when the slots were read.
    struct Topology: Sendable {
        let input: TopologyInput
        /// Whether pods are counted node by node, as hosts are when they are scored.
        let isPerNode: Bool
        var shape: Int
        /// Where there are many domains, and what the pod makes of one hangs on its pods alone.
        var pool: DomainPool?
    }

    private struct Node {
        /// −1 where the node is refused.
        var group: Int32 = -1
        var version: UInt32 = 0
        /// Whether the filters that look at the node, not at its pods, let the pod in.
        var isOpen = false
        var rank: UInt64 = 0
        var taints = 0
        var preference = 0
    }

    let template: PodTemplate
    /// Whether the pod has the neighbours itself that it requires.
    let matchesItself: Bool
    private let pod: PendingPod
    private var rules: TemplateRules
    private let ties: TieBreak
    private(set) var topologies: [Topology]
    private var nodes: [Node] = []
    private var groups: [NodeGroup] = []
    private var groupOf: [NodeGroup.Likeness: Int] = [:]
    private var emptyGroups: [Int] = []
    /// Those that their families have yet to hear of; some have gone since.
    private var changedGroups: [Int] = []
    private var lastStamp = 0
    private(set) var families: [NodeFamily] = []
    private var familyOf: [NodeGroup.Likeness: Int] = [:]
    private var emptyFamilies: [Int] = []
    /// Up to where the snapshot's log is known; −1 before the first look.
    private var position = -1
    /// The terms of pods that are there, as they were.
    private var termVersion: Int
    /// The images on nodes, as they were.
    private var imageVersion = ImageVersion()

    private struct ImageVersion: Hashable {
        var images = 0
        var nodes = 0
    }

    /// - Parameter pod: any pod of the template.
    init(_ pod: PendingPod, _ ties: TieBreak, _ snapshot: inout ClusterSnapshot) {
        template = pod.template
        self.pod = pod
        self.ties = ties
        rules = TemplateRules(pod, snapshot)
        matchesItself = InterPodAffinity.matchesItself(pod, snapshot)
        snapshot.makeRoom(forRules: pod.constraints.count + (pod.template.affinities?.count ?? 0))
        let inputs = PodTopologySpread.inputs(of: pod, &snapshot) + snapshot.affinityInputs(of: pod)
        topologies = inputs.map { Topology(input: $0, isPerNode: PodTopologySpreadScore.isPerHost($0), shape: -1) }
        termVersion = snapshot.ownedTerms.version
    }

    /// Whether the terms of pods that are there concern the template as they did; terms come and go with workloads.
    mutating func isAbreast(of snapshot: ClusterSnapshot) -> Bool {
        let terms = snapshot.ownedTerms
        guard terms.version != termVersion else { return true }
        let labels = snapshot.labels(ofNamespace: template.namespace)
        let known = topologies.map(\.input).filter { if case .ownedTerm = $0.source { true } else { false } }
        guard known == terms.inputs(concerning: template, namespaceLabels: labels) else { return false }
        termVersion = terms.version
        return true
    }

    /// The place of the best node; `nil` where none will do.
    mutating func best(in snapshot: ClusterSnapshot) -> Int? {
        catchUp(snapshot)
        let scores = FamilyScores(self, snapshot)
        let groups = groups
        var best: (total: Int, contender: Contender)?
        for (family, score) in scores.scores {
            let first = families[family].order.first(of: families[family].groups) { groups[$0.group].stamp == $0.stamp }
            guard let contender = first?.contender else { continue }
            let total = score + Int(contender.score)
            if let best, total < best.total || (total == best.total && !contender.precedesInTie(best.contender)) {
                continue
            }
            best = (total, contender)
        }
        return best.map { Int($0.contender.place) }
    }

    // MARK: - Keeping up

    private mutating func catchUp(_ snapshot: ClusterSnapshot) {
        let log = snapshot.log
        let isReshaped = topologies.contains { $0.shape != snapshot.counts($0.input.source)?.shape }
        guard position >= log.start, !isReshaped, log.end - position <= snapshot.placeCount, hasSameImages(snapshot)
        else {
            return begin(snapshot)
        }
        while nodes.count < snapshot.placeCount { nodes.append(Node()) }
        while position < log.end {
            let change = log[position]
            refresh(change.place, isNode: change.isNode, snapshot)
            lookAtDomains(of: change.place, isNode: change.isNode, snapshot)
            position += 1
        }
        tellFamilies(snapshot)
    }

    /// Whether what images are worth is as it was; nothing hangs on it as long as no node has the template's.
    private func hasSameImages(_ snapshot: ClusterSnapshot) -> Bool {
        if snapshot.images.version == imageVersion.images, snapshot.nodeCount == imageVersion.nodes { return true }
        return rules.images.isIdle && ImageLocality(pod, snapshot).isIdle
    }

    /// Looks at all nodes.
    private mutating func begin(_ snapshot: ClusterSnapshot) {
        nodes = Array(repeating: Node(), count: snapshot.placeCount)
        groups = []
        groupOf = [:]
        emptyGroups = []
        changedGroups = []
        families = []
        familyOf = [:]
        emptyFamilies = []
        rules = TemplateRules(pod, snapshot)
        imageVersion = ImageVersion(images: snapshot.images.version, nodes: snapshot.nodeCount)
        for number in topologies.indices {
            let counts = snapshot.counts(topologies[number].input.source)
            topologies[number].shape = counts?.shape ?? -1
            topologies[number].pool = counts.flatMap { DomainPool(topologies[number].input, $0) }
        }
        for place in 0..<snapshot.placeCount { refresh(place, isNode: true, snapshot) }
        tellFamilies(snapshot)
        position = snapshot.log.end
    }

    private mutating func refresh(_ place: Int, isNode: Bool, _ snapshot: ClusterSnapshot) {
        leaveGroup(place)
        guard let entry = snapshot.node(at: place) else { return }
        if isNode {
            nodes[place].isOpen = rules.isOpen(entry)
            nodes[place].rank = ties.rank(entry.node.name)
            nodes[place].taints = rules.taints.burden(of: entry.node)
            nodes[place].preference = rules.affinity.preference(for: entry.node)
        }
        guard nodes[place].isOpen, rules.hasRoom(entry) else { return }
        var likeness = NodeGroup.Likeness(taints: nodes[place].taints, preference: nodes[place].preference)
        for topology in topologies {
            guard let counts = snapshot.counts(topology.input.source) else { return }
            let slot = topology.slot(ofNodeAt: place, counts)
            if slot.isMissing, topology.input.needsLabel { return }
            likeness.slots.append(slot)
        }
        let group = number(of: likeness)
        nodes[place].group = Int32(truncatingIfNeeded: group)
        groups[group].nodes += 1
        note(group)
        groups[group].order.insert(
            Contender(
                score: Int32(truncatingIfNeeded: rules.score(of: entry)),
                pods: Int32(truncatingIfNeeded: entry.load.pods), rank: nodes[place].rank,
                place: Int32(truncatingIfNeeded: place), version: nodes[place].version))
    }

    private mutating func leaveGroup(_ place: Int) {
        nodes[place].version &+= 1
        let group = Int(nodes[place].group)
        guard group >= 0 else { return }
        nodes[place].group = -1
        groups[group].nodes -= 1
        guard groups[group].nodes == 0 else { return note(group) }
        let likeness = groups[group].likeness
        groupOf[likeness] = nil
        leaveFamily(group)
        for topology in topologies.indices { topologies[topology].pool?.remove(group, likeness.slots[topology]) }
        emptyGroups.append(group)
    }

    private mutating func number(of likeness: NodeGroup.Likeness) -> Int {
        if let number = groupOf[likeness] { return number }
        let number = emptyGroups.popLast() ?? groups.count
        if number == groups.count {
            groups.append(NodeGroup(likeness))
        } else {
            groups[number] = NodeGroup(likeness)
        }
        groupOf[likeness] = number
        for topology in topologies.indices { topologies[topology].pool?.add(number, likeness.slots[topology]) }
        return number
    }

    // MARK: - Families

    private mutating func note(_ group: Int) {
        guard !groups[group].isChanged else { return }
        groups[group].isChanged = true
        changedGroups.append(group)
    }

    /// Notes the groups of domains that have more or fewer pods than before.
    private mutating func lookAtDomains(of place: Int, isNode: Bool, _ snapshot: ClusterSnapshot) {
        for number in topologies.indices {
            guard topologies[number].pool != nil, let counts = snapshot.counts(topologies[number].input.source) else {
                continue
            }
            // A node that changed may have been in another domain before.
            let domains = isNode ? Array(0..<counts.domainNumbers) : counts.domain(ofNodeAt: place).map { [$0] } ?? []
            for domain in domains {
                for group in topologies[number].pool?.changed(domain, counts) ?? [] { note(group) }
            }
        }
    }

    private mutating func tellFamilies(_ snapshot: ClusterSnapshot) {
        let nodes = nodes
        for group in changedGroups where groups[group].isChanged {
            groups[group].isChanged = false
            leaveFamily(group)
            let first = groups[group].order.first(of: groups[group].nodes) {
                nodes[Int($0.place)].version == $0.version
            }
            guard let first else { continue }
            let family = family(of: groups[group].likeness, snapshot)
            groups[group].family = family
            groups[group].nodesInFamily = groups[group].nodes
            families[family].groups += 1
            families[family].nodes += groups[group].nodes
            families[family].order.insert(.init(contender: first, group: group, stamp: groups[group].stamp))
        }
        changedGroups.removeAll(keepingCapacity: true)
    }

    private mutating func leaveFamily(_ group: Int) {
        lastStamp += 1
        groups[group].stamp = lastStamp
        let family = groups[group].family
        guard family >= 0 else { return }
        groups[group].family = -1
        families[family].groups -= 1
        families[family].nodes -= groups[group].nodesInFamily
        guard families[family].groups == 0 else { return }
        familyOf[families[family].likeness] = nil
        emptyFamilies.append(family)
    }

    private mutating func family(of likeness: NodeGroup.Likeness, _ snapshot: ClusterSnapshot) -> Int {
        var likeness = likeness
        for (number, topology) in topologies.enumerated() where topology.pool != nil && likeness.slots[number].isShared
        {
            let pods = snapshot.counts(topology.input.source)?.pods(at: likeness.slots[number])
            likeness.slots[number] = .alone(pods: pods ?? 0)
        }
        if let number = familyOf[likeness] { return number }
        let number = emptyFamilies.popLast() ?? families.count
        if number == families.count {
            families.append(NodeFamily(likeness))
        } else {
            families[number] = NodeFamily(likeness)
        }
        familyOf[likeness] = number
        return number
    }
}

extension TemplateView.Topology {
    func slot(ofNodeAt place: Int, _ counts: DomainCounts) -> TopologySlot {
        guard isPerNode else { return counts.slot(ofNodeAt: place) }
        return counts.domain(ofNodeAt: place) == nil ? .missing : .alone(pods: counts.pods(onNodeAt: place))
    }
}
