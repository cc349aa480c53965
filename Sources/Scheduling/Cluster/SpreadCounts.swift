/// The pods that a rule counts, by node and by domain, kept up to date as pods and nodes come and go.
///
/// A change of one pod or node costs the same however many there are, and so does every question.
struct SpreadCounts: Sendable {
    private struct Domain {
        /// Pods on the domain's included nodes.
        var pods = 0
        /// Nodes that are included; without any the domain does not exist.
        var nodes = 0
    }

    private struct Place {
        /// The number of the node's domain; `nil` where it lacks the label.
        var domain: Int?
        var isIncluded = false
        /// Counted pods on the node, whether it is included or not.
        var pods = 0
    }

    let rule: SpreadRule
    private var numbers: [String: Int] = [:]
    private var domains: [Domain] = []
    private var places: [Place] = []
    private var histogram = CountHistogram()

    init(_ rule: SpreadRule) { self.rule = rule }

    // MARK: - Questions

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

    // MARK: - Changes

    /// A node came, changed, or went (`nil`); its pods stay counted.
    mutating func setNode(_ node: SchedulingNode?, at place: Int) {
        while places.count <= place { places.append(Place()) }
        leave(place)
        guard let node, let value = node.labels[rule.topologyKey] else {
            places[place].domain = nil
            return
        }
        let number = numbers[value] ?? domains.count
        if number == domains.count {
            numbers[value] = number
            domains.append(Domain())
        }
        places[place].domain = number
        if rule.includes(node) { join(place, number) }
    }

    /// A counted pod came to a node (1) or left it (-1).
    mutating func changePods(onNodeAt place: Int, by difference: Int) {
        while places.count <= place { places.append(Place()) }
        places[place].pods += difference
        guard places[place].isIncluded, let number = places[place].domain else { return }
        let old = domains[number].pods
        domains[number].pods += difference
        histogram.move(from: old, to: old + difference)
    }

    private mutating func join(_ place: Int, _ number: Int) {
        let old = domains[number]
        domains[number].nodes += 1
        domains[number].pods += places[place].pods
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
        places[place].isIncluded = false
        if domains[number].nodes == 0 {
            histogram.remove(old)
        } else {
            histogram.move(from: old, to: domains[number].pods)
        }
    }
}
