import JSONTree
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
        lines += Self.columns(
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
            lines += Self.columns(
                [["MOVES", "FROM", "TO"]]
                    + plan.moves.map {
                        [$0.replaces ?? "", Self.cluster($0.from ?? ""), Self.cluster($0.explanation.node ?? "")]
                    })
        }
        if !plan.surplus.isEmpty { lines += ["", "ENDS"] + plan.surplus }
        for (number, pod) in plan.newPods.enumerated() { lines += [""] + why(number, pod) }
        return lines.joined(separator: "\n") + "\n"
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
        let explanation = pod.explanation
        var title = "New pod \(number + 1)"
        if let old = pod.replaces { title += " (for \(old))" }
        if let node = explanation.node {
            title += " goes to \(Self.cluster(node))"
            title += explanation.runnerUp.map { "; next would be \(Self.cluster($0))" } ?? "; no other would do"
        } else {
            title += " stays Pending: \(explanation.failure)"
            if !pod.limitedBy.isEmpty {
                title += " Fewest pods have \(pod.limitedBy.map(Self.cluster).joined(separator: ", "))."
            }
        }
        let rows = explanation.reasons.map { ["  " + Self.cluster($0.node), Self.word($0.verdict), $0.text] }
        return [title] + Self.columns(rows)
    }

    private static func word(_ verdict: PlacementExplanation.Verdict) -> String {
        switch verdict {
        case .chosen: "chosen"
        case .runnerUp: "next"
        case .possible: "possible"
        case .refused: "no"
        }
    }

    /// Rows in columns as wide as their widest cell, three spaces apart, as kubectl prints tables.
    private static func columns(_ rows: [[String]]) -> [String] {
        var widths: [Int] = []
        for row in rows {
            for (place, cell) in row.enumerated() {
                if widths.count <= place { widths.append(0) }
                widths[place] = max(widths[place], cell.count)
            }
        }
        return rows.map { row in
            var line = ""
            for (place, cell) in row.enumerated() {
                line += cell
                if place < row.count - 1 { line += String(repeating: " ", count: widths[place] - cell.count + 3) }
            }
            while line.last == " " { line.removeLast() }
            return line
        }
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
        let explanation = pod.explanation
        func name(_ node: String?) -> JSON { node.map { .string(cluster($0)) } ?? .null }
        return [
            "replaces": pod.replaces.map(JSON.string) ?? .null, "cluster": name(explanation.node),
            "runnerUp": name(explanation.runnerUp), "failure": .string(explanation.failure),
            "limitedBy": JSON(pod.limitedBy.map(cluster)),
            "reasons": .array(
                explanation.reasons.map { reason in
                    [
                        "cluster": .string(cluster(reason.node)), "verdict": .string(reason.verdict.rawValue),
                        "score": reason.score.map { JSON($0) } ?? .null, "reason": .string(reason.text),
                    ]
                }),
        ]
    }
}
