/// The affinity terms of the pods on the nodes, and how many pods that have each are in every domain.
struct OwnedTerms: Sendable {
    /// What a term means for other pods.
    enum Kind: Sendable, Hashable {
        /// Keeps matching pods away.
        case keepsAway
        /// Draws matching pods near, or pushes them off where negative.
        case draws(weight: Int)
    }

    struct Term: Sendable, Hashable {
        let kind: Kind
        let term: PodAffinityTerm
    }

    /// What a pod that is there adds to a node's score for being wanted by one of its required affinities (kube-scheduler's
    /// `hardPodAffinityWeight`).
    private static let requiredWeight = 1

    private struct Entry {
        var counts: DomainCounts
        var owners = 0
    }

    private var entries: [Int: Entry] = [:]
    /// Never given twice: who looked before would take another term's counts for its own.
    private var numbers: [Term: Int] = [:]
    private var lastNumber = 0
    /// Changes whenever a term comes or goes.
    private(set) var version = 0

    func counts(_ number: Int) -> DomainCounts? { entries[number]?.counts }

    /// What the terms that are about a pod make of domains.
    func inputs(concerning pod: PodTemplate, namespaceLabels: [String: String]) -> [TopologyInput] {
        guard !numbers.isEmpty else { return [] }
        let concerning = numbers.filter { term, _ in
            term.term.matches(namespace: pod.namespace, labels: pod.labels, namespaceLabels: namespaceLabels)
        }
        return concerning.sorted { $0.value < $1.value }.map { term, number in
            let role: TopologyInput.Role =
                switch term.kind {
                case .keepsAway: .unwanted(isOwn: false)
                case .draws(let weight): .weighed(weight)
                }
            return TopologyInput(role: role, source: .ownedTerm(number))
        }
    }

    /// A node came, changed, or went (`nil`).
    mutating func setNode(_ node: SchedulingNode?, at place: Int) {
        for number in numbers.values { entries[number]?.counts.setNode(node, isIncluded: node != nil, at: place) }
    }

    /// A pod came to a node (1) or left it (−1).
    mutating func count(
        _ pod: PlacedPod, at place: Int, by difference: Int, nodes: some Sequence<SnapshotNode>
    ) {
        guard let affinities = pod.affinities else { return }
        for term in Self.terms(of: affinities) { change(term, at: place, by: difference, nodes) }
    }

    private static func terms(of affinities: PodAffinities) -> [Term] {
        affinities.requiredAnti.map { Term(kind: .keepsAway, term: $0) }
            + affinities.required.map { Term(kind: .draws(weight: requiredWeight), term: $0) }
            + affinities.preferred.map { Term(kind: .draws(weight: $0.weight), term: $0.term) }
            + affinities.preferredAnti.map { Term(kind: .draws(weight: -$0.weight), term: $0.term) }
    }

    private mutating func change(
        _ term: Term, at place: Int, by difference: Int, _ nodes: some Sequence<SnapshotNode>
    ) {
        let number = numbers[term] ?? add(term, nodes)
        entries[number]?.counts.changePods(onNodeAt: place, by: difference)
        entries[number]?.owners += difference
        guard entries[number]?.owners == 0 else { return }
        entries[number] = nil
        numbers[term] = nil
        version += 1
    }

    private mutating func add(_ term: Term, _ nodes: some Sequence<SnapshotNode>) -> Int {
        var counts = DomainCounts(.matching([term.term], topologyKey: term.term.topologyKey))
        for entry in nodes { counts.setNode(entry.node, isIncluded: true, at: entry.place) }
        lastNumber += 1
        entries[lastNumber] = Entry(counts: counts)
        numbers[term] = lastNumber
        version += 1
        return lastNumber
    }
}
