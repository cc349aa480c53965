import JSONTree
import KubernetesModel
import OffloadingModel
import Scheduling

/// A plan as people and as programs read it.
struct PlacementText: Sendable {
    private let plan: PlacementPlan
    private let manifest: PlanManifest
    private let namespace: String
    private let replicas: Int

    init(_ plan: PlacementPlan, _ manifest: PlanManifest, namespace: String, replicas: Int) {
        self.plan = plan
        self.manifest = manifest
        self.namespace = namespace
        self.replicas = replicas
    }

    /// A virtual node's cluster; other nodes by their own name.
    static func cluster(_ node: String) -> String {
        let prefix = Names.virtualNode("")
        return node.hasPrefix(prefix) ? String(node.dropFirst(prefix.count)) : node
    }

    private var nodes: [String] { Set(plan.now.keys).union(plan.then.keys).sorted() }

    // MARK: - For people

    var table: String {
        var lines = ["\(manifest.kind) \(namespace)/\(manifest.name): \(replicas) wanted", ""]
        lines += TextColumns.lines(
            [["CLUSTER", "NOW", "THEN", "CHANGE"]]
                + nodes.map { node in
                    let (now, then) = (plan.now[node], plan.then[node])
                    let change = (then ?? 0) - (now ?? 0)
                    return [
                        Self.cluster(node), now.map(String.init) ?? "-", then.map(String.init) ?? "-",
                        change == 0 ? "" : change > 0 ? "+\(change)" : "\(change)",
                    ]
                })
        for spread in plan.spreads {
            let word = spread.isHard ? "DoNotSchedule" : "ScheduleAnyway"
            lines += [
                "",
                "Skew over \(spread.topologyKey): \(spread.skew) (maxSkew \(spread.maxSkew), \(word)\(Self.filling(spread)))",
            ]
        }
        if !plan.moves.isEmpty {
            lines.append("")
            lines += TextColumns.lines(
                [["MOVES", "FROM", "TO"]]
                    + plan.moves.map {
                        [$0.replaces ?? "", Self.cluster($0.from ?? ""), Self.cluster($0.explanation.node ?? "")]
                    })
        }
        if !plan.rebalancing.isEmpty {
            lines.append("")
            lines += TextColumns.lines(
                [["REBALANCING", "FROM", "TO"]]
                    + plan.rebalancing.map { [name($0.pod), Self.cluster($0.from), Self.cluster($0.to)] })
        }
        if !plan.surplus.isEmpty { lines += ["", "ENDS"] + plan.surplus }
        for (number, pod) in plan.newPods.enumerated() { lines += [""] + why(number, pod) }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A pod's name; one that does not exist yet is called by its number.
    private func name(_ pod: ObjectKey) -> String {
        PlacementQuestion.number(ofNewPod: pod.name).map { "New pod \($0 + 1)" } ?? pod.name
    }

    private static func filling(_ spread: PlacementPlan.Spread) -> String {
        guard let weights = spread.weights else { return "" }
        let uneven = weights.filter { $0.value > 1 }.sorted { $0.key < $1.key }
        var text = ", filled like water"
        if !uneven.isEmpty { text += " by " + uneven.map { "\(cluster($0.key))=\($0.value)" }.joined(separator: ", ") }
        if !spread.full.isEmpty { text += "; full: " + spread.full.map(cluster).sorted().joined(separator: ", ") }
        return text
    }

    private func why(_ number: Int, _ pod: PlacementPlan.NewPod) -> [String] {
        let text = ExplanationText(pod)
        var title = "New pod \(number + 1)"
        if let old = pod.replaces { title += " (for \(old))" }
        return [title + (text.choice.map { " goes to \($0)" } ?? " stays Pending: \(text.refusal)")] + text.rows
    }

    // MARK: - For programs

    var json: JSON {
        [
            "workload": [
                "kind": .string(manifest.kind), "namespace": .string(namespace), "name": .string(manifest.name),
                "replicas": JSON(replicas),
            ],
            "placement": .array(
                nodes.map { node in
                    [
                        "cluster": .string(Self.cluster(node)), "node": .string(node),
                        "now": plan.now[node].map { JSON($0) } ?? .null,
                        "then": plan.then[node].map { JSON($0) } ?? .null,
                    ]
                }),
            "spread": .array(plan.spreads.map(Self.json)),
            "moves": .array(
                plan.moves.map { pod in
                    [
                        "pod": .string(pod.replaces ?? ""), "from": .string(Self.cluster(pod.from ?? "")),
                        "to": .string(Self.cluster(pod.explanation.node ?? "")),
                    ]
                }),
            "rebalancing": .array(
                plan.rebalancing.map { move in
                    [
                        "pod": .string(name(move.pod)), "from": .string(Self.cluster(move.from)),
                        "to": .string(Self.cluster(move.to)),
                    ]
                }),
            "ends": JSON(plan.surplus),
            "pending": JSON(plan.pending.count),
            "newPods": .array(plan.newPods.map(Self.json)),
        ]
    }

    private static func json(_ spread: PlacementPlan.Spread) -> JSON {
        var json: JSON = [
            "topologyKey": .string(spread.topologyKey), "maxSkew": JSON(spread.maxSkew),
            "whenUnsatisfiable": spread.isHard ? "DoNotSchedule" : "ScheduleAnyway", "skew": JSON(spread.skew),
            "domains": .object(JSONObject(spread.domains.sorted { $0.key < $1.key }.map { ($0.key, JSON($0.value)) })),
        ]
        if let weights = spread.weights {
            json["fill"] = [
                "weights": .object(JSONObject(weights.sorted { $0.key < $1.key }.map { ($0.key, JSON($0.value)) })),
                "full": JSON(spread.full.sorted()),
            ]
        }
        return json
    }

    private static func json(_ pod: PlacementPlan.NewPod) -> JSON {
        var json = ExplanationText(pod).json
        json["replaces"] = pod.replaces.map(JSON.string) ?? .null
        return json
    }
}
