import KubernetesModel

/// Looks for the node on which making room for a pod does the least harm, as kube-scheduler's plugin of this name does.
///
/// Nodes are tried on the snapshot itself: pods are taken off and put back, so that nothing is copied.
struct DefaultPreemption {
    static let noVictims = "No preemption victims found for incoming pod"
    static let notHelpful = "Preemption is not helpful for scheduling"
    /// Enough candidates to choose from: at least so many, and this part of the nodes.
    private static let fewestCandidates = 100
    private static let partOfNodes = 10

    let pod: PendingPod
    let budgets: [DisruptionBudget]
    let exclusions: [String: String]
    let ties: TieBreak

    /// Why the pod may not preempt now; `nil` where it may.
    func obstacle(_ evaluation: Evaluation, _ snapshot: ClusterSnapshot) -> String? {
        if pod.neverPreempts { return "not eligible due to preemptionPolicy=Never." }
        let nominated = snapshot.nomination(of: pod.key)?.node ?? pod.nominatedNode
        guard !nominated.isEmpty else { return nil }
        let refusal = evaluation.rejected.first { $0.node == nominated }?.refusal
        // The node will not do whoever leaves it: another one is due.
        if let refusal, !refusal.mayHelpToPreempt { return nil }
        let isUnderWay = snapshot.pods(on: nominated).contains {
            $0.priority < pod.asPlaced.priority && $0.isPreempted
        }
        return isUnderWay ? "not eligible due to a terminating pod on the nominated node." : nil
    }

    func find(_ evaluation: Evaluation, _ snapshot: inout ClusterSnapshot) -> Preemption {
        let nodes = evaluation.rejected.filter(\.refusal.mayHelpToPreempt)
            .map { (name: $0.node, rank: ties.rank($0.node)) }
            .sorted { ($0.rank, $0.name) < ($1.rank, $1.name) }
        // Where nobody is less important, no node need be looked at.
        guard snapshot.hasPods(below: pod.priority) else {
            return .hopeless(
                message(evaluation, nodes.isEmpty ? [:] : [Self.noVictims: nodes.count], tried: nodes.count))
        }
        let enough = max(Self.fewestCandidates, nodes.count * Self.partOfNodes / 100)
        var best: PreemptionCandidate?
        var found = 0
        var reasons: [String: Int] = [:]
        for node in nodes {
            switch victims(on: node.name, rank: node.rank, &snapshot) {
            case .success(let candidate):
                found += 1
                if best.map({ candidate.isBetter(than: $0) }) ?? true { best = candidate }
            case .failure(let refusal): for reason in refusal.reasons { reasons[reason, default: 0] += 1 }
            }
            if found >= enough, best?.violations == 0 { break }
        }
        if let best { return .possible(node: best.node, victims: best.victims) }
        return .hopeless(message(evaluation, reasons, tried: nodes.count))
    }

    /// - Parameter reasons: of the nodes that were tried.
    private func message(_ evaluation: Evaluation, _ reasons: [String: Int], tried: Int) -> String {
        var reasons = reasons
        let others = evaluation.nodeCount - tried
        if others > 0 { reasons[Self.notHelpful, default: 0] += others }
        return Evaluation.message(nodes: evaluation.nodeCount, reasons)
    }

    private enum Outcome {
        case success(PreemptionCandidate)
        case failure(Refusal)
    }

    /// The fewest and least important pods that must leave a node.
    private func victims(on node: String, rank: UInt64, _ snapshot: inout ClusterSnapshot) -> Outcome {
        let lower = snapshot.pods(on: node).filter { $0.priority < pod.asPlaced.priority }
        guard !lower.isEmpty else { return .failure(Refusal("DefaultPreemption", [Self.noVictims])) }
        return snapshot.trial { snapshot in
            for pod in lower { snapshot.removePod(pod.key) }
            defer { for pod in lower { snapshot.setPod(pod) } }
            return victims(among: lower, on: node, rank: rank, &snapshot)
        }
    }

    /// - Parameter lower: the pods that may leave, and have left.
    private func victims(
        among lower: [PlacedPod], on node: String, rank: UInt64, _ snapshot: inout ClusterSnapshot
    ) -> Outcome {
        if let refusal = snapshot.refusal(of: node, for: pod, excluding: exclusions) { return .failure(refusal) }
        // All may leave; now as many as possible are kept, those that budgets protect and important ones first.
        let sorted = lower.sorted(by: Self.isMoreImportant)
        let (protected, others) = split(sorted)
        var victims: [PlacedPod] = []
        var violations = 0
        for (candidates, isViolation) in [(protected, true), (others, false)] {
            for candidate in candidates {
                snapshot.setPod(candidate)
                guard snapshot.refusal(of: node, for: pod, excluding: exclusions) != nil else { continue }
                snapshot.removePod(candidate.key)
                victims.append(candidate)
                if isViolation { violations += 1 }
            }
        }
        victims.sort(by: Self.isMoreImportant)
        return .success(
            PreemptionCandidate(node: node, victims: victims, violations: violations, rank: rank))
    }

    /// Higher priority, then longer running; names settle what is left.
    private static func isMoreImportant(_ left: PlacedPod, _ right: PlacedPod) -> Bool {
        if left.priority != right.priority { return left.priority > right.priority }
        let starts = (left.startTime ?? Int.max, right.startTime ?? Int.max)
        if starts.0 != starts.1 { return starts.0 < starts.1 }
        return left.key < right.key
    }

    /// Those whose end would violate a budget, and the others; in order, a budget covers the first as far as it goes.
    private func split(_ pods: [PlacedPod]) -> (protected: [PlacedPod], others: [PlacedPod]) {
        var allowed = budgets.map(\.allowed)
        var protected: [PlacedPod] = []
        var others: [PlacedPod] = []
        for pod in pods {
            var isProtected = false
            for (place, budget) in budgets.enumerated() where budget.covers(pod) {
                allowed[place] -= 1
                if allowed[place] < 0 { isProtected = true }
            }
            if isProtected { protected.append(pod) } else { others.append(pod) }
        }
        return (protected, others)
    }
}
