import JSONTree

extension TableColumns {
    static let deployments = TableColumns([
        .objectName, TableColumn("Ready"), TableColumn("Up-to-date"), TableColumn("Available"), .age,
        .wide("Containers"), .wide("Images"), .wide("Selector"),
    ]) { object, now in
        let status = object.status
        let ready = "\(status["readyReplicas"]?.int ?? 0)/\(object.spec["replicas"]?.int ?? 0)"
        return [
            object.nameCell, .string(ready), TableCells.count(status["updatedReplicas"]),
            TableCells.count(status["availableReplicas"]), object.age(now),
        ] + TableCells.containers(object.spec["template"]) + [TableCells.selector(object.spec["selector"])]
    }

    /// Of the scale subresource (`autoscaling/v1 Scale`), which is no kind of its own.
    public static let scales = TableColumns([
        .objectName, TableColumn("Desired", "integer"), TableColumn("Available", "integer"), .age,
    ]) { object, now in
        [
            object.nameCell, TableCells.count(object.spec["replicas"]), TableCells.count(object.status["replicas"]),
            object.age(now),
        ]
    }

    static let replicaSets = replicas { TableCells.selector($0) }

    static let replicationControllers = replicas { TableCells.labels($0) }

    /// - Parameter selector: shows what selects the pods.
    private static func replicas(_ selector: @escaping @Sendable (JSON?) -> JSON) -> TableColumns {
        TableColumns([
            .objectName, TableColumn("Desired", "integer"), TableColumn("Current", "integer"),
            TableColumn("Ready", "integer"), .age, .wide("Containers"), .wide("Images"), .wide("Selector"),
        ]) { object, now in
            [
                object.nameCell, TableCells.count(object.spec["replicas"]), TableCells.count(object.status["replicas"]),
                TableCells.count(object.status["readyReplicas"]), object.age(now),
            ] + TableCells.containers(object.spec["template"]) + [selector(object.spec["selector"])]
        }
    }

    static let podTemplates = TableColumns([
        .objectName, TableColumn("Containers"), TableColumn("Images"), TableColumn("Pod Labels"),
    ]) { object, _ in
        let template = object.json["template"]
        return [object.nameCell] + TableCells.containers(template)
            + [TableCells.labels(template?["metadata"]?["labels"])]
    }

    static let jobs = TableColumns([
        .objectName, TableColumn("Status"), TableColumn("Completions"), TableColumn("Duration"), .age,
        .wide("Containers"), .wide("Images"), .wide("Selector"),
    ]) { object, now in
        [
            object.nameCell, .string(jobStatus(object)), .string(jobCompletions(object)),
            .string(jobDuration(object, now)), object.age(now),
        ] + TableCells.containers(object.spec["template"]) + [TableCells.selector(object.spec["selector"])]
    }

    private static func jobStatus(_ job: KubernetesObject) -> String {
        let conditions = job.status["conditions"]
        if Conditions.isTrue("Complete", in: conditions) { return "Complete" }
        if Conditions.isTrue("Failed", in: conditions) { return "Failed" }
        if job.isBeingDeleted { return "Terminating" }
        for type in ["Suspended", "FailureTarget", "SuccessCriteriaMet"]
        where Conditions.isTrue(type, in: conditions) { return type }
        return "Running"
    }

    private static func jobCompletions(_ job: KubernetesObject) -> String {
        let succeeded = job.status["succeeded"]?.int ?? 0
        if let wanted = job.spec["completions"]?.int { return "\(succeeded)/\(wanted)" }
        let parallelism = job.spec["parallelism"]?.int ?? 0
        return parallelism > 1 ? "\(succeeded)/1 of \(parallelism)" : "\(succeeded)/1"
    }

    private static func jobDuration(_ job: KubernetesObject, _ now: Int) -> String {
        guard let start = job.status["startTime"]?.string.flatMap(Timestamp.seconds) else { return "" }
        let end = job.status["completionTime"]?.string.flatMap(Timestamp.seconds) ?? now
        return HumanDuration.text(end - start)
    }

    static let podDisruptionBudgets = TableColumns([
        .objectName, TableColumn("Min Available"), TableColumn("Max Unavailable"),
        TableColumn("Allowed Disruptions", "integer"), .age,
    ]) { object, now in
        func bound(_ key: String) -> JSON {
            if let number = object.spec[key]?.number { return .string(number.text) }
            return TableCells.text(object.spec[key], or: "N/A")
        }
        return [
            object.nameCell, bound("minAvailable"), bound("maxUnavailable"),
            TableCells.count(object.status["disruptionsAllowed"]), object.age(now),
        ]
    }

    static let priorityClasses = TableColumns([
        .objectName, TableColumn("Value", "integer"), TableColumn("Global-Default", "boolean"), .age,
        TableColumn("PreemptionPolicy"),
    ]) { object, now in
        [
            object.nameCell, TableCells.count(object.json["value"]), .bool(object.json["globalDefault"]?.bool ?? false),
            object.age(now), TableCells.text(object.json["preemptionPolicy"], or: "PreemptLowerPriority"),
        ]
    }
}
