import KubernetesModel

/// All nodes as the pods of one template see them: in groups of nodes that only differ in how full they are.
///
/// The view is brought up to date by the nodes that changed, and a decision compares groups: neither the number of nodes nor
/// that of pods counts. What it chooses is what `SchedulingCycle` and `TieBreak` would choose; tests hold it to that.
struct TemplateView: Sendable {
    /// A topology input and how it was when the slots were read.
    struct Topology: Sendable {
        let input: TopologyInput
        /// Whether pods are counted node by node, as hosts are when they are scored.
        let isPerNode: Bool
        var shape: Int
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
    private(set) var groups: [NodeGroup] = []
    private var groupOf: [NodeGroup.Likeness: Int] = [:]
    private var emptyGroups: [Int] = []
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
        let scores = GroupScores(self, snapshot)
        let nodes = nodes
        var best: (total: Int, contender: Contender)?
        for (group, score) in scores.scores {
            let first = groups[group].first { nodes[Int($0.place)].version == $0.version }
            guard let contender = first else { continue }
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
            position += 1
        }
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
        rules = TemplateRules(pod, snapshot)
        imageVersion = ImageVersion(images: snapshot.images.version, nodes: snapshot.nodeCount)
        for number in topologies.indices {
            topologies[number].shape = snapshot.counts(topologies[number].input.source)?.shape ?? -1
        }
        for place in 0..<snapshot.placeCount { refresh(place, isNode: true, snapshot) }
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
        groups[group].insert(
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
        guard groups[group].nodes == 0 else { return }
        groupOf[groups[group].likeness] = nil
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
        return number
    }
}

extension TemplateView.Topology {
    func slot(ofNodeAt place: Int, _ counts: DomainCounts) -> TopologySlot {
        guard isPerNode else { return counts.slot(ofNodeAt: place) }
        return counts.domain(ofNodeAt: place) == nil ? .missing : .alone(pods: counts.pods(onNodeAt: place))
    }
}
