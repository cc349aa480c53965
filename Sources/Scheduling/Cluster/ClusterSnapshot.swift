public import KubernetesModel

/// The nodes and the pods on them, as decisions see them: a value, so that a plan can be tried on a copy.
///
/// Changes are small and local. Counts per spread rule are made when a rule is first asked for and kept current from then
/// on, so that a decision does not walk the pods.
public struct ClusterSnapshot: Sendable {
    /// Nodes by their place; a node that left leaves a hole, which the next one fills.
    private var places: [SnapshotNode?] = []
    private var holes: [Int] = []
    private var placeOfNode: [String: Int] = [:]
    private var pods: [ObjectKey: PlacedPod] = [:]
    /// Also for nodes that are not here (yet).
    private var podsByNode: [String: Set<ObjectKey>] = [:]
    /// By the numbers that `number(of:)` gives.
    private(set) var counts: [SpreadCounts] = []
    private var countsOfRule: [SpreadRule: Int] = [:]
    private var countsInNamespace: [String: [Int]] = [:]
    /// Rules kept at once. Beyond, all are forgotten and those in use made anew: workloads come and go, their counts must not
    /// pile up.
    private static let mostRules = 1024
    private(set) var log = ChangeLog()
    /// What was found out for the templates of pods; kept current by the log.
    private var views = TemplateViews()

    public init() {}

    // MARK: - Reading

    public var nodeCount: Int { placeOfNode.count }
    public var podCount: Int { pods.count }

    /// All nodes, in no particular order.
    public var nodes: some Sequence<SnapshotNode> { places.lazy.compactMap { $0 } }

    /// Places of nodes are below this.
    var placeCount: Int { places.count }

    func node(at place: Int) -> SnapshotNode? { places[place] }

    public func node(_ name: String) -> SnapshotNode? { placeOfNode[name].flatMap { places[$0] } }

    public func pod(_ key: ObjectKey) -> PlacedPod? { pods[key] }

    /// The pods on a node.
    public func pods(on node: String) -> [PlacedPod] { (podsByNode[node] ?? []).compactMap { pods[$0] } }

    // MARK: - Nodes

    /// Adds a node or replaces the one of its name.
    ///
    /// - Returns: whether anything changed that a decision could notice.
    @discardableResult
    public mutating func setNode(_ node: SchedulingNode) -> Bool {
        if let place = placeOfNode[node.name] {
            guard places[place]?.node != node else { return false }
            places[place]?.node = node
            note(place, isNode: true)
            for number in counts.indices { counts[number].setNode(node, at: place) }
            return true
        }
        let place = holes.popLast() ?? places.count
        if place == places.count { places.append(nil) }
        var entry = SnapshotNode(place: place, node: node)
        placeOfNode[node.name] = place
        for number in counts.indices { counts[number].setNode(node, at: place) }
        for pod in pods(on: node.name) {
            entry.load.add(pod)
            count(pod, at: place, by: 1)
        }
        places[place] = entry
        note(place, isNode: true)
        return true
    }

    /// Takes a node away; its pods are remembered for the case that it comes back.
    ///
    /// - Returns: whether there was one.
    @discardableResult
    public mutating func removeNode(_ name: String) -> Bool {
        guard let place = placeOfNode.removeValue(forKey: name) else { return false }
        for pod in pods(on: name) { count(pod, at: place, by: -1) }
        for number in counts.indices { counts[number].setNode(nil, at: place) }
        places[place] = nil
        holes.append(place)
        note(place, isNode: true)
        return true
    }

    // MARK: - Pods

    /// Adds a pod that has a node, or replaces the one of its name.
    ///
    /// - Returns: the pod as it was before; `nil` where it is new.
    @discardableResult
    public mutating func setPod(_ pod: PlacedPod) -> PlacedPod? {
        let old = pods[pod.key]
        guard old != pod else { return old }
        removePod(pod.key)
        pods[pod.key] = pod
        podsByNode[pod.node, default: []].insert(pod.key)
        if let place = placeOfNode[pod.node] {
            places[place]?.load.add(pod)
            note(place, isNode: false)
            count(pod, at: place, by: 1)
        }
        return old
    }

    /// - Returns: the pod that went; `nil` where there was none.
    @discardableResult
    public mutating func removePod(_ key: ObjectKey) -> PlacedPod? {
        guard let pod = pods.removeValue(forKey: key) else { return nil }
        podsByNode[pod.node]?.remove(key)
        if podsByNode[pod.node]?.isEmpty == true { podsByNode[pod.node] = nil }
        if let place = placeOfNode[pod.node] {
            places[place]?.load.remove(pod)
            note(place, isNode: false)
            count(pod, at: place, by: -1)
        }
        return pod
    }

    /// Remembers a change for those who looked before.
    private mutating func note(_ place: Int, isNode: Bool) {
        log.append(place: place, isNode: isNode, keeping: max(1024, places.count))
    }

    // MARK: - Deciding

    /// The best node for a pod: what the cycle and the ties would choose, without looking at nodes that did not change.
    mutating func bestNode(for pod: PendingPod, _ ties: TieBreak) -> String? {
        var view = views.take(pod, ties) ?? TemplateView(pod, ties, &self)
        let place = view.best(in: self)
        views.put(view, nodes: nodeCount)
        return place.flatMap { places[$0]?.node.name }
    }

    // MARK: - Counts

    private mutating func count(_ pod: PlacedPod, at place: Int, by difference: Int) {
        for number in countsInNamespace[pod.key.namespace] ?? [] where counts[number].rule.counts(pod) {
            counts[number].changePods(onNodeAt: place, by: difference)
        }
    }

    /// Forgets all rules where so many new ones would be too many; numbers given before are void then.
    mutating func makeRoom(forRules rules: Int) {
        guard counts.count + rules > Self.mostRules else { return }
        counts = []
        countsOfRule = [:]
        countsInNamespace = [:]
        views = TemplateViews()
    }

    /// The counts of a rule.
    mutating func counts(for rule: SpreadRule) -> SpreadCounts { counts[number(of: rule)] }

    /// The number of a rule's counts, which are made by one walk over nodes and pods when the rule is new.
    mutating func number(of rule: SpreadRule) -> Int {
        if let number = countsOfRule[rule] { return number }
        makeRoom(forRules: 1)
        var fresh = SpreadCounts(rule)
        for entry in nodes { fresh.setNode(entry.node, at: entry.place) }
        for pod in pods.values where rule.counts(pod) {
            if let place = placeOfNode[pod.node] { fresh.changePods(onNodeAt: place, by: 1) }
        }
        let number = counts.count
        countsOfRule[rule] = number
        countsInNamespace[rule.namespace, default: []].append(number)
        counts.append(fresh)
        return number
    }
}
