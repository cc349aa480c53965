import JSONTree
import KubernetesModel
import Scheduling

/// A cluster, a pod, and what kube-scheduler 1.36 made of them.
struct SchedulingCase {
    let id: String
    private let json: JSON

    init(_ json: JSON) {
        self.json = json
        id = json["id"]?.number?.text ?? "?"
    }

    private func objects(_ key: String) -> [KubernetesObject] { (json[key]?.array ?? []).map { KubernetesObject($0) } }

    /// What this scheduler makes of it, in the form of the case's expectation.
    func decide() throws -> JSON {
        var snapshot = ClusterSnapshot()
        // Half of the pods come before the nodes, so that both orders are tried.
        let pods = objects("pods")
        for pod in pods.prefix(pods.count / 2) { snapshot.setPod(PlacedPod(pod)) }
        for node in objects("nodes") { snapshot.setNode(SchedulingNode(node)) }
        for pod in pods.dropFirst(pods.count / 2) { snapshot.setPod(PlacedPod(pod)) }
        var scheduler = SpreadScheduler(snapshot: snapshot)
        let pod = try PendingPod(KubernetesObject(json["pod"] ?? .null))
        let decision = scheduler.decide(pod)
        var outcome = Self.outcome(decision.evaluation)
        // The short way must come to the same node.
        let node = scheduler.node(for: pod)
        if node != decision.node { outcome["short way"] = JSON(node ?? "none") }
        return outcome
    }

    static func outcome(_ evaluation: Evaluation) -> JSON {
        var reasons = JSONObject()
        for entry in evaluation.rejected { reasons[entry.node] = JSON(entry.refusal.reasons) }
        var outcome: JSON = [
            "feasible": JSON(evaluation.feasible.map(\.node).sorted()), "reasons": .object(reasons),
        ]
        guard !evaluation.feasible.isEmpty else { return outcome }
        var scores = JSONObject()
        for candidate in evaluation.feasible {
            var parts = JSONObject()
            for (name, score) in candidate.scores { parts[name] = JSON(score) }
            parts["total"] = JSON(candidate.total)
            scores[candidate.node] = .object(parts)
        }
        outcome["scores"] = .object(scores)
        outcome["best"] = JSON(evaluation.best.map(\.node).sorted())
        return outcome
    }

    /// What differs from kube-scheduler's decision; `nil` where nothing does.
    func difference() throws -> String? {
        var expected = json["expect"] ?? .null
        for key in ["feasible", "best"] { expected[key] = expected[key]?.strings.map { JSON($0.sorted()) } }
        let actual = try decide()
        guard actual != expected else { return nil }
        return "case \(id)\n  expected \(expected)\n  decided  \(actual)"
    }
}
