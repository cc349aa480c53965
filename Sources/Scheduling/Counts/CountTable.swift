import KubernetesModel

/// The counts of all rules that decisions asked for, and which of them a pod may concern.
struct CountTable: Sendable {
    /// Rules of one namespace.
    private struct Index {
        /// By a label that the counted pods have.
        var byLabel: [CountRule.Label: [Int]] = [:]
        var others: [Int] = []

        mutating func add(_ number: Int, _ label: CountRule.Label?) {
            if let label { byLabel[label, default: []].append(number) } else { others.append(number) }
        }

        func candidates(_ pod: PlacedPod) -> [Int] {
            if byLabel.isEmpty { return others }
            var candidates = others
            for (key, value) in pod.labels { candidates += byLabel[CountRule.Label(key: key, value: value)] ?? [] }
            return candidates
        }
    }

    private(set) var counts: [DomainCounts] = []
    private var numbers: [CountRule: Int] = [:]
    private var indexes: [String: Index] = [:]
    /// Of rules that are not bound to namespaces.
    private var everywhere = Index()

    func number(of rule: CountRule) -> Int? { numbers[rule] }

    mutating func add(_ counts: DomainCounts, for rule: CountRule) -> Int {
        let number = self.counts.count
        self.counts.append(counts)
        numbers[rule] = number
        if let namespaces = rule.namespaces {
            for namespace in namespaces { indexes[namespace, default: Index()].add(number, rule.label) }
        } else {
            everywhere.add(number, rule.label)
        }
        return number
    }

    /// A node came, changed, or went (`nil`).
    mutating func setNode(_ node: SchedulingNode?, at place: Int) {
        for number in counts.indices {
            counts[number].setNode(node, isIncluded: node.map(counts[number].rule.includes) ?? false, at: place)
        }
    }

    /// A pod came to a node (1) or left it (−1).
    mutating func count(
        _ pod: PlacedPod, at place: Int, by difference: Int, namespaceLabels: (String) -> [String: String]
    ) {
        guard !counts.isEmpty else { return }
        for number in (indexes[pod.key.namespace]?.candidates(pod) ?? []) + everywhere.candidates(pod)
        where counts[number].rule.counts(pod, namespaceLabels: namespaceLabels) {
            counts[number].changePods(onNodeAt: place, by: difference)
        }
    }
}
