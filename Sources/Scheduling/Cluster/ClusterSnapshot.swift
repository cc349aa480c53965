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
    private var podsByPriority: [Int: Int] = [:]
    private var table = CountTable()
    private(set) var ownedTerms = OwnedTerms()
    private(set) var images = ImageTable()
    /// Pods that have no node yet but room on one, which they name.
    var nominations: [ObjectKey: PlacedPod] = [:]
    /// The last evaluation that found no node; thousands of pods of one template may wait for the same.
    private var lastFailure: Failure?
    private var namespaces: [String: [String: String]] = [:]
    /// How namespaces are filled that ask for it, by name; see `WaterFill`.
    public var fills: [String: WaterFill] = [:] {
        didSet { lastFailure = nil }
    }
    /// Rules kept at once. Beyond, all are forgotten and those in use made anew: workloads come and go, their counts must not
    /// pile up.
    private static let mostRules = 4096
    private(set) var log = ChangeLog()
    /// What was found out for the templates of pods; kept current by the log.
    private var views = TemplateViews()

    private struct Failure {
        let template: PodTemplate
        let position: Int
        let evaluation: Evaluation
        /// Why preemption is hopeless as well, by the pod's priority.
        var obstacles: [Int: String] = [:]
    }

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

    /// Whether any pod is less important than this.
    func hasPods(below priority: Int) -> Bool { podsByPriority.keys.contains { $0 < priority } }

    // MARK: - Nodes

    /// Adds a node or replaces the one of its name.
    ///
    /// - Returns: whether anything changed that a decision could notice.
    @discardableResult
    public mutating func setNode(_ node: SchedulingNode) -> Bool {
        if let place = placeOfNode[node.name] {
            guard let old = places[place]?.node, old != node else { return false }
            places[place]?.node = node
            images.change(from: old.images, to: node.images)
            note(place, isNode: true)
            table.setNode(node, at: place)
            ownedTerms.setNode(node, at: place)
            return true
        }
        let place = holes.popLast() ?? places.count
        if place == places.count { places.append(nil) }
        var entry = SnapshotNode(place: place, node: node)
        placeOfNode[node.name] = place
        images.change(from: [:], to: node.images)
        table.setNode(node, at: place)
        ownedTerms.setNode(node, at: place)
        let waiting = pods(on: node.name)
        for pod in waiting { entry.load.add(pod) }
        places[place] = entry
        for pod in waiting { count(pod, at: place, by: 1) }
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
        images.change(from: places[place]?.node.images ?? [:], to: [:])
        table.setNode(nil, at: place)
        ownedTerms.setNode(nil, at: place)
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
        podsByPriority[pod.priority, default: 0] += 1
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
        let left = (podsByPriority[pod.priority] ?? 1) - 1
        podsByPriority[pod.priority] = left > 0 ? left : nil
        podsByNode[pod.node]?.remove(key)
        if podsByNode[pod.node]?.isEmpty == true { podsByNode[pod.node] = nil }
        if let place = placeOfNode[pod.node] {
            places[place]?.load.remove(pod)
            note(place, isNode: false)
            count(pod, at: place, by: -1)
        }
        return pod
    }

    /// Tries something that leaves nodes and pods as they were: nobody need look at them again.
    mutating func trial<Result>(_ body: (inout Self) -> Result) -> Result {
        let position = log.end
        defer { log.undo(to: position) }
        return body(&self)
    }

    /// Remembers a change for those who looked before.
    private mutating func note(_ place: Int, isNode: Bool) {
        log.append(place: place, isNode: isNode, keeping: max(1024, places.count))
    }

    // MARK: - Namespaces

    /// The labels of a namespace; none where it is unknown.
    public func labels(ofNamespace name: String) -> [String: String] { namespaces[name] ?? [:] }

    /// Sets the labels of a namespace, by which affinities may select it; `nil` when it is gone.
    ///
    /// - Returns: whether anything changed.
    @discardableResult
    public mutating func setNamespace(_ name: String, labels: [String: String]?) -> Bool {
        guard namespaces[name] != labels else { return false }
        namespaces[name] = labels
        // Namespaces hardly ever change, and anything may hang on it.
        forgetRules()
        return true
    }

    // MARK: - Deciding

    /// How a pod's constraints are to be taken; `nil` for as kube-scheduler takes them.
    func fill(for pod: PendingPod) -> WaterFill? {
        fills.isEmpty || !pod.constraints.contains { $0.isHard } ? nil : fills[pod.key.namespace]
    }

    /// The view of a pod's template, with no other copy left: the next change would copy all nodes.
    private mutating func takeView(_ pod: PendingPod, _ ties: TieBreak) -> TemplateView {
        if var view = views.take(pod, ties), view.isAbreast(of: self) { return view }
        return TemplateView(pod, ties, &self)
    }

    /// The best node for a pod: what the cycle and the ties would choose, without looking at nodes that did not change.
    mutating func bestNode(for pod: PendingPod, _ ties: TieBreak) -> String? {
        var view = takeView(pod, ties)
        let place = view.best(in: self)
        views.put(view, nodes: nodeCount)
        return place.flatMap { places[$0]?.node.name }
    }

    /// What every node is worth to a pod.
    mutating func evaluation(of pod: PendingPod, excluding exclusions: [String: String]) -> Evaluation {
        let isPlain = exclusions.isEmpty && nominations.isEmpty
        if isPlain, let last = lastFailure, last.position == log.end, last.template == pod.template {
            return last.evaluation
        }
        let reserved = ReservedRoom(pod, &self, exclusions: exclusions)
        let evaluation = SchedulingCycle(pod, &self, exclusions: exclusions).evaluate(self, reserved)
        if isPlain, evaluation.feasible.isEmpty {
            lastFailure = Failure(template: pod.template, position: log.end, evaluation: evaluation)
        }
        return evaluation
    }

    /// Why preemption was hopeless for a pod of this template and priority, as long as nothing has changed since.
    func preemptionObstacle(for pod: PendingPod) -> String? {
        guard nominations.isEmpty, let last = lastFailure, last.position == log.end, last.template == pod.template
        else {
            return nil
        }
        return last.obstacles[pod.priority]
    }

    /// Remembers why preemption is hopeless; thousands of pods of one template may ask.
    mutating func setPreemptionObstacle(_ obstacle: String, for pod: PendingPod) {
        guard nominations.isEmpty, lastFailure?.position == log.end, lastFailure?.template == pod.template else {
            return
        }
        lastFailure?.obstacles[pod.priority] = obstacle
    }

    // MARK: - Counts

    private mutating func count(_ pod: PlacedPod, at place: Int, by difference: Int) {
        let namespaces = namespaces
        table.count(pod, at: place, by: difference) { namespaces[$0] ?? [:] }
        guard pod.affinities != nil else { return }
        ownedTerms.count(pod, at: place, by: difference, nodes: nodes)
    }

    func counts(_ source: TopologyInput.Source) -> DomainCounts? {
        switch source {
        case .rule(let number): table.counts[number]
        case .ownedTerm(let number): ownedTerms.counts(number)
        }
    }

    /// Forgets all rules where so many new ones would be too many; numbers given before are void then.
    mutating func makeRoom(forRules rules: Int) {
        if table.counts.count + rules > Self.mostRules { forgetRules() }
    }

    private mutating func forgetRules() {
        table = CountTable()
        views = TemplateViews()
        lastFailure = nil
    }

    /// The counts of a rule.
    mutating func counts(for rule: CountRule) -> DomainCounts {
        makeRoom(forRules: 1)
        let number = number(of: rule)
        return table.counts[number]
    }

    /// The number of a rule's counts, which are made by one walk over nodes and pods when the rule is new.
    ///
    /// `makeRoom` goes before, for all rules that are asked for together.
    mutating func number(of rule: CountRule) -> Int {
        if let number = table.number(of: rule) { return number }
        var fresh = DomainCounts(rule)
        for entry in nodes { fresh.setNode(entry.node, isIncluded: rule.includes(entry.node), at: entry.place) }
        for pod in pods.values {
            guard let place = placeOfNode[pod.node], rule.counts(pod, namespaceLabels: { namespaces[$0] ?? [:] }) else {
                continue
            }
            fresh.changePods(onNodeAt: place, by: 1)
        }
        return table.add(fresh, for: rule)
    }

    /// What a pod's affinities, and those of pods that are there, make of domains.
    mutating func affinityInputs(of pod: PendingPod) -> [TopologyInput] {
        var inputs: [TopologyInput] = []
        if let own = pod.template.affinities {
            makeRoom(forRules: own.count)
            func add(_ role: TopologyInput.Role, _ terms: [PodAffinityTerm], _ key: String) {
                inputs.append(
                    TopologyInput(role: role, source: .rule(number(of: .matching(terms, topologyKey: key)))))
            }
            // A pod is wanted near only if it matches all terms.
            for term in own.required { add(.wanted, own.required, term.topologyKey) }
            for term in own.requiredAnti { add(.unwanted(isOwn: true), [term], term.topologyKey) }
            for preference in own.preferred {
                add(.weighed(preference.weight), [preference.term], preference.term.topologyKey)
            }
            for preference in own.preferredAnti {
                add(.weighed(-preference.weight), [preference.term], preference.term.topologyKey)
            }
        }
        let labels = labels(ofNamespace: pod.key.namespace)
        return inputs + ownedTerms.inputs(concerning: pod.template, namespaceLabels: labels)
    }
}
