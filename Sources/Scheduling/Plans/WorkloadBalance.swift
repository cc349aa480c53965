import JSONTree
import KubernetesModel

/// One workload on its way to being balanced, in a trial.
struct WorkloadBalance {
    /// A topology domain, and the nodes of it that count.
    private struct Domain {
        var level: WaterLevel.Domain
        var nodes: Set<String> = []
    }

    private let workload: RebalanceQuestion.Workload
    private let fill: WaterFill?
    private let constraints: [SpreadConstraint]
    private let template: KubernetesObject
    /// Pods that may move, those first that go first among equals.
    private var movable: [KubernetesObject]
    private var number: Int

    /// - Parameter number: of moves planned before, so that new pods have names of their own.
    /// - Throws: `JSONError` naming the field of a pod that is malformed.
    init?(_ workload: RebalanceQuestion.Workload, fill: WaterFill?, number: Int) throws(JSONError) {
        guard var template = workload.template ?? workload.pods.first else { return nil }
        template.json["spec", "nodeName"] = nil
        template.json["status"] = nil
        self.workload = workload
        self.fill = fill
        self.template = template
        self.number = number
        let own = try SpreadConstraint.all(of: template)
        let even = SpreadConstraint(
            maxSkew: 1, topologyKey: "kubernetes.io/hostname", isHard: false, selector: workload.selector)
        constraints = own.isEmpty ? [even] : own.filter { $0.isHard } + own.filter { !$0.isHard }
        movable = workload.pods.filter { !workload.resting.contains($0.key) }.enumerated().map { place, pod in
            (pod, SurplusCandidate(pod, place: place, domains: []))
        }.sorted { SurplusCandidate.goesFirst($0.1, $1.1, neighbours: (0, 0)) }.map(\.0)
    }

    var namespace: String { template.namespace }

    /// Tries the next move that is needed; `nil` where none is, or none can be made.
    mutating func next(_ scheduler: inout SpreadScheduler) -> RebalanceMove? {
        guard let pending = try? newPod(), let heights = try? excesses(&scheduler) else { return nil }
        let evaluation = scheduler.evaluate(pending)
        for constraint in constraints {
            let domains = domains(constraint, pending, evaluation, scheduler)
            guard let lowest = domains.filter(\.level.hasRoom).reduce(nil as Domain?, Self.lower) else { continue }
            let tooHigh = domains.filter { $0.level.height(above: lowest.level) > constraint.maxSkew }
                .sorted { $1.level.isBelow($0.level) }
            for source in tooHigh {
                for (place, pod) in movable.enumerated() where source.nodes.contains(Self.node(of: pod)) {
                    guard let node = attempt(pod, pending, into: lowest.nodes, heights, &scheduler) else { continue }
                    movable.remove(at: place)
                    number += 1
                    return RebalanceMove(
                        pod: pod.key, workload: workload.name, from: Self.node(of: pod), to: node,
                        topologyKey: constraint.topologyKey, counts: (source.level.pods, lowest.level.pods))
                }
            }
        }
        return nil
    }

    private static func node(of pod: KubernetesObject) -> String { pod.spec["nodeName"]?.string ?? "" }

    private static func lower(_ least: Domain?, _ next: Domain) -> Domain {
        guard let least else { return next }
        return next.level.isBelow(least.level) ? next : least
    }

    /// The pod that takes a moved one's place. No name of Kubernetes' has a slash: it is nobody else's.
    private func newPod() throws(JSONError) -> PendingPod {
        var pod = template
        pod.json["metadata", "name"] = .string("rebalance/\(number)")
        return try PendingPod(pod)
    }

    /// Makes the move in a copy, and keeps the copy where no constraint is worse for it.
    private func attempt(
        _ pod: KubernetesObject, _ pending: PendingPod, into nodes: Set<String>, _ before: [Int],
        _ scheduler: inout SpreadScheduler
    ) -> String? {
        var trial = scheduler
        let others = trial.snapshot.nodes.map(\.node.name).filter { !nodes.contains($0) }
        // The old pod is there until the new one is ready.
        let excluded = Dictionary(others.map { ($0, "it moves") }, uniquingKeysWith: { first, _ in first })
        guard let node = trial.decide(pending, excluding: excluded).node else { return nil }
        var placed = pending.asPlaced
        placed.node = node
        trial.snapshot.setPod(placed)
        trial.snapshot.removePod(pod.key)
        guard let after = try? excesses(&trial), zip(before, after).allSatisfy({ $1 <= $0 }) else { return nil }
        scheduler = trial
        return node
    }

    /// By how much each constraint is exceeded, in their order.
    private func excesses(_ scheduler: inout SpreadScheduler) throws(JSONError) -> [Int] {
        let pending = try newPod()
        let evaluation = scheduler.evaluate(pending)
        return constraints.map { constraint in
            let domains = domains(constraint, pending, evaluation, scheduler)
            guard let lowest = domains.filter(\.level.hasRoom).reduce(nil as Domain?, Self.lower) else { return 0 }
            let highest = domains.map { $0.level.height(above: lowest.level) }.max() ?? 0
            return max(0, highest - constraint.maxSkew)
        }
    }

    private func domains(
        _ constraint: SpreadConstraint, _ pending: PendingPod, _ evaluation: Evaluation, _ scheduler: SpreadScheduler
    ) -> [Domain] {
        let rule = SpreadRule(constraint, of: pending, among: constraints.filter { $0.isHard == constraint.isHard })
        // A spread constraint is no lack of room: moving is what mends it.
        let closed = Set(
            evaluation.rejected.filter { $0.refusal.plugin != PodTopologySpread.name }.map(\.node))
        var domains: [String: Domain] = [:]
        for entry in scheduler.snapshot.nodes where rule.includes(entry.node) {
            guard let value = entry.node.labels[constraint.topologyKey] else { continue }
            let weight = fill?.weight(of: entry.node.name) ?? 1
            var domain = domains[value] ?? Domain(level: WaterLevel.Domain(pods: 0, weight: 1, hasRoom: false))
            domain.level.pods += scheduler.snapshot.pods(on: entry.node.name).count(where: rule.counts)
            domain.level.weight = max(domain.level.weight, weight)
            if !closed.contains(entry.node.name) { domain.level.hasRoom = true }
            domain.nodes.insert(entry.node.name)
            domains[value] = domain
        }
        return domains.sorted { $0.key < $1.key }.map(\.value)
    }
}
