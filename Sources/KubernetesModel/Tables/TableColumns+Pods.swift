import JSONTree

extension TableColumns {
    static let pods = TableColumns([
        .objectName, TableColumn("Ready"), TableColumn("Status"), TableColumn("Restarts"), .age, .wide("IP"),
        .wide("Node"), .wide("Nominated Node"), .wide("Readiness Gates"),
    ]) { object, now in
        let summary = PodSummary(object)
        var restarts = String(summary.restarts)
        if summary.restarts > 0, let last = summary.lastRestart {
            restarts += " (\(HumanDuration.text(now - last)) ago)"
        }
        let status = object.status
        return [
            object.nameCell, .string("\(summary.ready)/\(summary.total)"), .string(summary.reason),
            .string(restarts), object.age(now), TableCells.text(status["podIPs"]?[0]?["ip"] ?? status["podIP"]),
            TableCells.text(object.spec["nodeName"]), TableCells.text(status["nominatedNodeName"]),
            readinessGates(object),
        ]
    }

    private static func readinessGates(_ pod: KubernetesObject) -> JSON {
        let gates = pod.spec["readinessGates"]?.array ?? []
        guard !gates.isEmpty else { return TableCells.none }
        let passed = gates.filter {
            Conditions.isTrue($0["conditionType"]?.string ?? "", in: pod.status["conditions"])
        }
        return .string("\(passed.count)/\(gates.count)")
    }
}
