import JSONTree

/// What `kubectl get pods` says about a pod in a word, as Kubernetes' printer finds it.
public struct PodSummary: Sendable, Hashable {
    /// Such as `Running`, `CrashLoopBackOff`, `Init:0/1`, `Completed`, `Terminating`.
    public private(set) var reason: String
    /// Containers that are ready, sidecars included.
    public private(set) var ready = 0
    public private(set) var total: Int
    public private(set) var restarts = 0
    /// When a container that was started again ended last, in seconds since 1970.
    public private(set) var lastRestart: Int?

    public init(_ pod: KubernetesObject) {
        let status = pod.status
        let conditions = status["conditions"]
        let initContainers = pod.spec["initContainers"]?.array ?? []
        let sidecars = Set(
            initContainers.filter { $0["restartPolicy"]?.string == "Always" }.compactMap { $0["name"]?.string })
        total = (pod.spec["containers"]?.array?.count ?? 0) + sidecars.count
        let phase = status["phase"]?.string ?? ""
        let ownReason = status["reason"]?.string ?? ""
        reason = ownReason.isEmpty ? phase : ownReason
        if Conditions.find("PodScheduled", in: conditions)?["reason"]?.string == "SchedulingGated" {
            reason = "SchedulingGated"
        }

        var sidecarRestarts = 0
        var sidecarRestart: Int?
        var isInitializing = false
        for (place, container) in (status["initContainerStatuses"]?.array ?? []).enumerated() {
            count(container)
            let isSidecar = sidecars.contains(container["name"]?.string ?? "")
            if isSidecar {
                sidecarRestarts += container["restartCount"]?.int ?? 0
                sidecarRestart = Self.later(sidecarRestart, Self.lastEnd(container))
            }
            if let ended = container["state"]?["terminated"], ended["exitCode"]?.int == 0 { continue }
            if isSidecar, container["started"]?.bool == true {
                if container["ready"]?.bool == true { ready += 1 }
                continue
            }
            reason = Self.initReason(container, place, initContainers.count)
            isInitializing = true
            break
        }
        if !isInitializing || Conditions.isTrue("Initialized", in: conditions) {
            restarts = sidecarRestarts
            lastRestart = sidecarRestart
            summarise(status["containerStatuses"]?.array ?? [], conditions)
        }
        if pod.isBeingDeleted {
            if ownReason == "NodeLost" {
                reason = "Unknown"
            } else if phase != "Succeeded", phase != "Failed" {
                reason = "Terminating"
            }
        }
    }

    private mutating func summarise(_ containers: [JSON], _ conditions: JSON?) {
        var hasRunning = false
        // The first container's word is the last that counts.
        for container in containers.reversed() {
            count(container)
            let state = container["state"]
            let waiting = state?["waiting"]?["reason"]?.string ?? ""
            if !waiting.isEmpty {
                reason = waiting
            } else if let ended = state?["terminated"], !ended.isNull {
                reason = Self.endReason(ended)
            } else if container["ready"]?.bool == true, state?["running"] != nil {
                hasRunning = true
                ready += 1
            }
        }
        if reason == "Completed", hasRunning {
            reason = Conditions.isTrue("Ready", in: conditions) ? "Running" : "NotReady"
        }
    }

    private mutating func count(_ container: JSON) {
        restarts += container["restartCount"]?.int ?? 0
        lastRestart = Self.later(lastRestart, Self.lastEnd(container))
    }

    private static func initReason(_ container: JSON, _ place: Int, _ total: Int) -> String {
        let state = container["state"]
        if let ended = state?["terminated"], !ended.isNull { return "Init:" + endReason(ended) }
        let waiting = state?["waiting"]?["reason"]?.string ?? ""
        if !waiting.isEmpty, waiting != "PodInitializing" { return "Init:" + waiting }
        return "Init:\(place)/\(total)"
    }

    private static func endReason(_ ended: JSON) -> String {
        if let reason = ended["reason"]?.string, !reason.isEmpty { return reason }
        if let signal = ended["signal"]?.int, signal != 0 { return "Signal:\(signal)" }
        return "ExitCode:\(ended["exitCode"]?.int ?? 0)"
    }

    private static func lastEnd(_ container: JSON) -> Int? {
        container["lastState"]?["terminated"]?["finishedAt"]?.string.flatMap(Timestamp.seconds)
    }

    private static func later(_ one: Int?, _ other: Int?) -> Int? {
        guard let one, let other else { return one ?? other }
        return max(one, other)
    }
}
