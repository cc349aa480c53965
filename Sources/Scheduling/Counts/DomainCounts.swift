/// The pods that a rule counts, by node and by domain, kept up to date as pods and nodes come and go.
///
/// A change of one pod or node costs the same however many there are, and so does every question.
struct DomainCounts: Sendable {
    private struct Domain {
        /// Pods on the domain's included nodes.
        var pods = 0
        /// Nodes that are included; without any the domain does not exist.
        var nodes = 0
        /// Nodes with the domain's label, included or not.
        var bearers = 0
    }

    private struct Place {
        /// The number of the node's domain; `nil` where it lacks the label.
        var domain: Int?
        var isIncluded = false
        /// Counted pods on the node, whether it is included or not.
        var pods = 0
    }

    let rule: CountRule
    private var numbers: [String: Int] = [:]
    private var domains: [Domain] = []
    private var places: [Place] = []
    private var histogram = CountHistogram()
    /// Changes whenever a node stops or begins to be alone in its domain.
    private(set) var shape = 0

    init(_ rule: CountRule) { self.rule = rule }

    // MARK: - Questions

    /// Counted pods in all domains.
    private(set) var podsInDomains = 0

    /// Domains that exist.
    var domainCount: Int { histogram.total }

    /// Numbers of domains are below this.
    var domainNumbers: Int { domains.count }

    /// The fewest pods in a domain; 0 without domains.
    var fewestPods: Int { histogram.least }

    /// The domain of a node; `nil` where it lacks the label.
    func domain(ofNodeAt place: Int) -> Int? { places.indices.contains(place) ? places[place].domain : nil }

    /// The counted pods in a domain; 0 where it does not exist.
    func pods(inDomain number: Int) -> Int { domains[number].nodes > 0 ? domains[number].pods : 0 }

    /// The counted pods on a node, included or not.
    func pods(onNodeAt place: Int) -> Int { places.indices.contains(place) ? places[place].pods : 0 }

    /// What stands for the node's domain among nodes that are otherwise equal: a domain of one node is as good as any other
    /// with as many pods, so it is stood for by their number. Valid until that node, or `shape`, changes.
    func slot(ofNodeAt place: Int) -> TopologySlot {
        guard let number = domain(ofNodeAt: place) else { return .missing }
        return domains[number].bearers == 1 ? .alone(pods: pods(inDomain: number)) : .shared(domain: number)
    }

    /// The counted pods in a node's domain; 0 where it has none.
    func pods(at slot: TopologySlot) -> Int {
        if let pods = slot.pods { return pods }
        return slot.isShared ? pods(inDomain: slot.domain) : 0
    }

    /// The counted pods in a node's domain; 0 where it has none.
    func pods(inDomainOfNodeAt place: Int) -> Int { domain(ofNodeAt: place).map { pods(inDomain: $0) } ?? 0 }

    // MARK: - Changes

    /// A node came, changed, or went (`nil`); its pods stay counted.
    ///
    /// - Parameter isIncluded: whether its pods count in its domain.
    mutating func setNode(_ node: SchedulingNode?, isIncluded: Bool, at place: Int) {
        while places.count <= place { places.append(Place()) }
        leave(place)
        let number = node?.labels[rule.topologyKey].map { self.number(of: $0) }
        if number != places[place].domain {
            if let old = places[place].domain { changeBearers(of: old, by: -1) }
            if let number { changeBearers(of: number, by: 1) }
            places[place].domain = number
        }
        if isIncluded, let number { join(place, number) }
    }

    private mutating func number(of value: String) -> Int {
        if let number = numbers[value] { return number }
        numbers[value] = domains.count
        domains.append(Domain())
        return domains.count - 1
    }

    private mutating func changeBearers(of number: Int, by difference: Int) {
        let old = domains[number].bearers
        domains[number].bearers += difference
        if max(old, old + difference) == 2 { shape += 1 }
    }

    /// A counted pod came to a node (1) or left it (-1).
    mutating func changePods(onNodeAt place: Int, by difference: Int) {
        while places.count <= place { places.append(Place()) }
        places[place].pods += difference
        guard places[place].isIncluded, let number = places[place].domain else { return }
        let old = domains[number].pods
        domains[number].pods += difference
        podsInDomains += difference
        histogram.move(from: old, to: old + difference)
    }

    private mutating func join(_ place: Int, _ number: Int) {
        let old = domains[number]
        domains[number].nodes += 1
        domains[number].pods += places[place].pods
        podsInDomains += places[place].pods
        places[place].isIncluded = true
        if old.nodes == 0 {
            histogram.add(domains[number].pods)
        } else {
            histogram.move(from: old.pods, to: domains[number].pods)
        }
    }

    private mutating func leave(_ place: Int) {
        guard places[place].isIncluded, let number = places[place].domain else { return }
        let old = domains[number].pods
        domains[number].nodes -= 1
        domains[number].pods -= places[place].pods
        podsInDomains -= places[place].pods
        places[place].isIncluded = false
        if domains[number].nodes == 0 {
            histogram.remove(old)
        } else {
            histogram.move(from: old, to: domains[number].pods)
        }
    }
}
