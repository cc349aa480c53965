import Digests
import JSONTree
import KubernetesModel
import PodRecords

/// The status of a pod as the kubelet would write it: pure, from the pod and what its runtime knows to JSON.
struct PodStatusWriter {
    let pod: KubernetesObject
    let runtime: PodRuntimeStatus
    /// Such as `process`: the scheme of container ids.
    let runtimeName: String
    let hostAddress: String
    /// Whether the pod has run longer than its `activeDeadlineSeconds`.
    var isOverdue = false

    /// In the kubelet's words.
    static let overdue = (
        reason: "DeadlineExceeded", message: "Pod was active on the node longer than the specified deadline"
    )

    private var initial: [ContainerRecord] { runtime.containers.filter { $0.kind != .main } }
    private var main: [ContainerRecord] { runtime.containers.filter { $0.kind == .main } }
    private var policy: RestartPolicy { RestartPolicy(rawValue: pod.spec["restartPolicy"]?.string ?? "") ?? .always }

    /// The whole status; what others wrote into it, such as the scheduler's conditions, stays.
    ///
    /// - Parameter now: seconds since 1970.
    func status(now: Int) -> JSON {
        var status = pod.status
        let phase = self.phase
        status["observedGeneration"] = pod.generation > 0 ? JSON(pod.generation) : nil
        status["phase"] = .string(phase)
        if isOverdue {
            status["reason"] = .string(Self.overdue.reason)
            status["message"] = .string(Self.overdue.message)
        }
        status["conditions"] = conditions(phase, now: now)
        status["hostIP"] = .string(hostAddress)
        status["hostIPs"] = [["ip": .string(hostAddress)]]
        if let address = runtime.address, runtime.startedAt != nil {
            status["podIP"] = .string(address)
            status["podIPs"] = [["ip": .string(address)]]
        }
        if status["startTime"] == nil { status["startTime"] = .string(Timestamp.text(now)) }
        let before = initial.map { containerStatus($0) }
        if !before.isEmpty { status["initContainerStatuses"] = .array(before) }
        status["containerStatuses"] = .array(main.sorted { $0.name < $1.name }.map { containerStatus($0) })
        return status
    }

    // MARK: - Phase

    /// The kubelet's rules (`getPhase`).
    var phase: String {
        if isOverdue, runtime.hasFinished { return "Failed" }
        for record in initial where record.kind == .initial {
            guard let end = record.state.termination else { return runtime.hasFinished ? "Failed" : "Pending" }
            if end.exitCode != 0 { return policy == .never || runtime.hasFinished ? "Failed" : "Pending" }
        }
        var running = 0
        var waiting = 0
        var stopped = 0
        var succeeded = 0
        for record in main {
            switch record.state {
            case .running: running += 1
            case .terminated(let end):
                stopped += 1
                if end.exitCode == 0 { succeeded += 1 }
            case .waiting: if record.last != nil { stopped += 1 } else { waiting += 1 }
            }
        }
        if runtime.hasFinished { return succeeded == main.count ? "Succeeded" : "Failed" }
        if waiting > 0 { return "Pending" }
        if running > 0 { return "Running" }
        switch policy {
        case .always: return "Running"
        case .onFailure: return stopped == succeeded ? "Succeeded" : "Running"
        case .never: return stopped == succeeded ? "Succeeded" : "Failed"
        }
    }

    // MARK: - Conditions

    private func conditions(_ phase: String, now: Int) -> JSON? {
        var conditions = pod.status["conditions"]
        func set(_ type: String, _ isTrue: Bool, _ reason: String = "", _ message: String = "") {
            var more: JSONObject = ["lastProbeTime": JSON.null]
            if pod.generation > 0 { more["observedGeneration"] = JSON(pod.generation) }
            Conditions.set(
                type, status: isTrue ? "True" : "False", reason: reason, message: message, now: now, in: &conditions,
                more: more)
        }
        set("PodReadyToStartContainers", runtime.startedAt != nil && runtime.isSupervised && !runtime.hasFinished)
        let incomplete = initial.filter {
            $0.kind == .sidecar ? !$0.isStarted : $0.state.termination?.exitCode != 0
        }
        // Containers that have run prove that the init containers were done, even where they are being run again.
        let isInitialized = incomplete.isEmpty || main.contains { $0.runs > 0 }
        switch (isInitialized, phase) {
        case (true, "Succeeded"): set("Initialized", true, "PodCompleted")
        case (true, _): set("Initialized", true)
        case (false, _):
            set(
                "Initialized", false, "ContainersNotInitialized",
                "containers with incomplete status: [\(incomplete.map(\.name).joined(separator: " "))]")
        }
        let unready = (main + initial.filter { $0.kind == .sidecar }).filter { !$0.isReady }.map(\.name)
        let (reason, message) =
            switch phase {
            case "Succeeded": ("PodCompleted", "")
            case "Failed": ("PodFailed", "")
            default:
                unready.isEmpty
                    ? ("", "")
                    : ("ContainersNotReady", "containers with unready status: [\(unready.joined(separator: " "))]")
            }
        let missing = unreadyGates(conditions)
        if reason.isEmpty, !missing.isEmpty {
            set("Ready", false, "ReadinessGatesNotReady", missing.joined(separator: ", "))
        } else {
            set("Ready", reason.isEmpty, reason, message)
        }
        set("ContainersReady", reason.isEmpty, reason, message)
        if Conditions.find("PodScheduled", in: conditions) == nil { set("PodScheduled", true) }
        return Self.ordered(conditions)
    }

    private func unreadyGates(_ conditions: JSON?) -> [String] {
        (pod.spec["readinessGates"]?.array ?? []).compactMap { gate in
            guard let type = gate["conditionType"]?.string else { return nil }
            guard let condition = Conditions.find(type, in: conditions) else {
                return "corresponding condition of pod readiness gate \"\(type)\" does not exist."
            }
            return condition["status"]?.string == "True"
                ? nil
                : "the status of pod readiness gate \"\(type)\" is not \"True\", but \(condition["status"]?.string ?? "")"
        }
    }

    /// In the kubelet's order; others' conditions behind.
    private static func ordered(_ conditions: JSON?) -> JSON? {
        let order = ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"]
        guard let elements = conditions?.array else { return conditions }
        let own = order.compactMap { Conditions.find($0, in: conditions) }
        return .array(own + elements.filter { !order.contains($0["type"]?.string ?? "") })
    }

    // MARK: - Containers

    private func containerStatus(_ record: ContainerRecord) -> JSON {
        let list = record.kind == .main ? "containers" : "initContainers"
        let spec = pod.spec[list]?.array?.first { $0["name"]?.string == record.name }
        let image = spec?["image"]?.string ?? ""
        var status: JSON = [:]
        if record.runs > 0 { status["containerID"] = .string(containerID(record, run: record.runs - 1)) }
        status["image"] = .string(image)
        status["imageID"] = record.runs > 0 ? .string("\(runtimeName)://\(image)") : ""
        status["lastState"] =
            record.last.map { ["terminated": terminated($0, record, run: record.runs - lastRun(record))] } ?? [:]
        status["name"] = .string(record.name)
        status["ready"] = JSON(record.kind == .initial ? record.state.termination?.exitCode == 0 : record.isReady)
        status["restartCount"] = JSON(record.restartCount)
        status["started"] = JSON(record.state.isRunning && record.isStarted)
        switch record.state {
        case .waiting(let reason, let message):
            var waiting: JSON = ["reason": .string(reason)]
            if !message.isEmpty { waiting["message"] = .string(message) }
            status["state"] = ["waiting": waiting]
        case .running(_, let startedAt):
            status["state"] = ["running": ["startedAt": .string(startedAt.seconds)]]
        case .terminated(let end):
            status["state"] = ["terminated": terminated(end, record, run: record.runs - 1)]
        }
        return status
    }

    /// How many runs back the last one is: while a container waits for its restart, its last run is the newest.
    private func lastRun(_ record: ContainerRecord) -> Int {
        if case .waiting = record.state { 1 } else { 2 }
    }

    private func terminated(_ end: Termination, _ record: ContainerRecord, run: Int) -> JSON {
        var json: JSON = [
            "containerID": .string(containerID(record, run: max(0, run))), "exitCode": JSON(end.exitCode),
            "finishedAt": .string(end.finishedAt.seconds), "reason": .string(end.reason),
            "startedAt": .string((end.startedAt ?? WallTime(nanoseconds: 0)).seconds),
        ]
        if !end.message.isEmpty { json["message"] = .string(end.message) }
        return json
    }

    private func containerID(_ record: ContainerRecord, run: Int) -> String {
        "\(runtimeName)://\(Hex.encode(SHA256.hash("\(pod.uid)/\(record.name)/\(run)".utf8)))"
    }
}
