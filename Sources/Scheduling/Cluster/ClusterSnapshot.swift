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
    private var counts: [SpreadCounts] = []
    private var countsOfRule: [SpreadRule: Int] = [:]
    private var countsInNamespace: [String: [Int]] = [:]
    /// Rules kept at once. Beyond, all are forgotten and those in use made anew: workloads come and go, their counts must not
    /// pile up.
    private static let mostRules = 1024

    public init() {}

    // MARK: - Reading

    public var nodeCount: Int { placeOfNode.count }
    public var podCount: Int { pods.count }

    /// All nodes, in no particular order.
    public var nodes: some Sequence<SnapshotNode> { places.lazy.compactMap { $0 } }

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
            count(pod, at: place, by: -1)
        }
        return pod
    }

    // MARK: - Counts

    private mutating func count(_ pod: PlacedPod, at place: Int, by difference: Int) {
        for number in countsInNamespace[pod.key.namespace] ?? [] where counts[number].rule.counts(pod) {
            counts[number].changePods(onNodeAt: place, by: difference)
        }
    }

    /// The counts of a rule; made by one walk over nodes and pods when the rule is new.
    mutating func counts(for rule: SpreadRule) -> SpreadCounts {
        if let number = countsOfRule[rule] { return counts[number] }
        if counts.count >= Self.mostRules {
            counts = []
            countsOfRule = [:]
            countsInNamespace = [:]
        }
        var fresh = SpreadCounts(rule)
        for entry in nodes { fresh.setNode(entry.node, at: entry.place) }
        for pod in pods.values where rule.counts(pod) {
            if let place = placeOfNode[pod.node] { fresh.changePods(onNodeAt: place, by: 1) }
        }
        countsOfRule[rule] = counts.count
        countsInNamespace[rule.namespace, default: []].append(counts.count)
        counts.append(fresh)
        return fresh
    }
}
