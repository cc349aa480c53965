public import JSONTree
public import KubernetesModel

/// What would happen if a workload had so many pods, and these nodes were there or were not: asked of a copy of what is known,
/// answered by the very scheduler that decides in earnest. Nothing is changed.
///
/// Pods of other workloads stay where they are, also those on nodes that would be gone: they hold no room elsewhere.
public struct PlacementQuestion: Sendable {
    /// As the API shows them; an edge's state is what its node says.
    public var nodes: [KubernetesObject]
    /// All pods of the cluster.
    public var pods: [KubernetesObject]
    /// A pod as the workload makes them, with everything that the API adds on its way in; it has no node.
    public var template: KubernetesObject
    /// Whether a pod is one of the workload's.
    public var isOwn: @Sendable (KubernetesObject) -> Bool
    /// How many pods are wanted.
    public var replicas: Int
    /// Names of nodes that would be gone.
    public var without: Set<String> = []
    /// Nodes that would be there; one of a name that exists takes its place.
    public var with: [KubernetesObject] = []
    /// How the workload's namespace is filled; `nil` for as kube-scheduler does.
    public var fill: WaterFill?
    /// Their labels are what affinity terms select namespaces by.
    public var namespaces: [KubernetesObject] = []
    /// The pods of the same Services and workload, among which one without constraints is spread; `nil` for none.
    public var workload: LabelSelector?
    /// Whether pods move afterwards to where they are too few; see `RebalanceQuestion`.
    public var rebalances = false
    public var seed: UInt64 = 0

    public init(
        nodes: [KubernetesObject], pods: [KubernetesObject], template: KubernetesObject, replicas: Int,
        isOwn: @escaping @Sendable (KubernetesObject) -> Bool
    ) {
        self.nodes = nodes
        self.pods = pods
        self.template = template
        self.replicas = replicas
        self.isOwn = isOwn
    }

    /// - Throws: `JSONError` naming the field of the template that is malformed.
    public func answer() throws(JSONError) -> PlacementPlan {
        var present = Dictionary(nodes.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
        let namesNow = Set(present.keys)
        for node in with { present[node.name] = node }
        for name in without { present[name] = nil }
        var scheduler = SpreadScheduler(seed: seed)
        scheduler.snapshot.fills[template.namespace] = fill
        for namespace in namespaces {
            scheduler.snapshot.setNamespace(namespace.name, labels: namespace.labels)
        }
        for node in present.values {
            scheduler.snapshot.setNode(SchedulingNode(node, state: EdgeState(shownBy: node)))
        }
        let living = pods.filter { !$0.isFinishedPod }
        for pod in living where pod.spec["nodeName"]?.string != nil { scheduler.snapshot.setPod(PlacedPod(pod)) }
        let own = living.filter { !$0.isBeingDeleted && isOwn($0) }.sorted { $0.key < $1.key }

        let placed = own.filter { $0.spec["nodeName"]?.string != nil }
        let lost = placed.filter { without.contains($0.spec["nodeName"]?.string ?? "") }
        for pod in lost { scheduler.snapshot.removePod(pod.key) }
        var kept = placed.filter { !without.contains($0.spec["nodeName"]?.string ?? "") }
        let surplus = PodPlacement.surplus(
            of: kept, among: living, node: { present[$0] }, count: max(0, kept.count - max(0, replicas)))
        for pod in surplus { scheduler.snapshot.removePod(pod.key) }
        kept.removeAll { pod in surplus.contains { $0.key == pod.key } }

        let newPods = try place(max(0, replicas - kept.count), replacing: lost, &scheduler)
        var then = Dictionary(uniqueKeysWithValues: present.keys.map { ($0, 0) })
        for node in kept.map({ $0.spec["nodeName"]?.string ?? "" }) + newPods.compactMap(\.explanation.node) {
            then[node, default: 0] += 1
        }
        let made = newPods.enumerated().compactMap { number, pod in
            pod.explanation.node.map { self.newPod(number, on: $0) }
        }
        let gone = Set((lost + surplus).map(\.key))
        // A workload that waits for a pod is not at rest.
        let moves =
            rebalances && made.count == newPods.count
            ? rebalancing(kept + made, among: living.filter { !gone.contains($0.key) }, Array(present.values)) : []
        for move in moves {
            then[move.from, default: 0] -= 1
            then[move.to, default: 0] += 1
            guard var pod = scheduler.snapshot.pod(move.pod) else { continue }
            pod.node = move.to
            scheduler.snapshot.setPod(pod)
        }
        var now = Dictionary(uniqueKeysWithValues: namesNow.map { ($0, 0) })
        for pod in placed { now[pod.spec["nodeName"]?.string ?? "", default: 0] += 1 }
        return PlacementPlan(
            now: now, then: then, newPods: newPods, surplus: surplus.map(\.name),
            spreads: try spreads(&scheduler), rebalancing: moves)
    }

    private func place(_ count: Int, replacing lost: [KubernetesObject], _ scheduler: inout SpreadScheduler)
        throws(JSONError) -> [PlacementPlan.NewPod]
    {
        var newPods: [PlacementPlan.NewPod] = []
        for number in 0..<count {
            let pending = try PendingPod(newPod(number), workload: workload)
            let explanation = scheduler.explain(pending)
            if let node = explanation.node {
                var placed = pending.asPlaced
                placed.node = node
                scheduler.snapshot.setPod(placed)
            }
            let old = lost.indices.contains(number) ? lost[number] : nil
            newPods.append(
                PlacementPlan.NewPod(
                    replaces: old?.name, from: old?.spec["nodeName"]?.string, explanation: explanation,
                    limitedBy: explanation.node == nil
                        ? Self.emptiest(try spreads(&scheduler), explanation) : []))
        }
        return newPods
    }

    /// The domains that set the minimum, where a spread constraint keeps a pod off some node.
    private static func emptiest(_ spreads: [PlacementPlan.Spread], _ explanation: PlacementExplanation) -> [String] {
        guard explanation.reasons.contains(where: { $0.text.contains("pod topology spread constraints") }) else {
            return []
        }
        var names: Set<String> = []
        for spread in spreads where spread.isHard {
            names.formUnion(spread.lowest)
        }
        return names.sorted()
    }

    private func spreads(_ scheduler: inout SpreadScheduler) throws(JSONError) -> [PlacementPlan.Spread] {
        // The defaults are not the user's: how far they hold is not worth a line.
        let pod = try PendingPod(template)
        let snapshot = scheduler.snapshot
        let taken =
            fill == nil ? [] : scheduler.evaluate(pod).rejected.filter { $0.refusal.plugin != PodTopologySpread.name }
        let full = Set(taken.map(\.node))
        var spreads: [PlacementPlan.Spread] = []
        for constraint in pod.constraints {
            let alike = pod.constraints.filter { $0.isHard == constraint.isHard }
            let rule = SpreadRule(constraint, of: pod, among: alike)
            var domains: [String: Int] = [:]
            var weights: [String: Int] = [:]
            var open: Set<String> = []
            for entry in snapshot.nodes where rule.includes(entry.node) {
                guard let domain = entry.node.labels[constraint.topologyKey] else { continue }
                weights[domain] = max(weights[domain] ?? 1, fill?.weight(of: entry.node.name) ?? 1)
                if !full.contains(entry.node.name) { open.insert(domain) }
                domains[domain, default: 0] += snapshot.pods(on: entry.node.name).count(where: rule.counts)
            }
            spreads.append(
                PlacementPlan.Spread(
                    topologyKey: constraint.topologyKey, maxSkew: constraint.maxSkew, isHard: constraint.isHard,
                    domains: domains, weights: fill == nil ? nil : weights,
                    full: Set(domains.keys).subtracting(open)))
        }
        return spreads
    }
}
