public import JSONTree
public import KubernetesModel

/// What a pod of the origin says of itself, given what the edge that runs it has seen.
public enum PodStatusReflection {
    /// The fields of a pod's status that the edge knows; the others are the origin's.
    private static let reflected = [
        "phase", "startTime", "containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses", "podIP",
        "podIPs",
        "hostIP", "hostIPs", "reason", "message",
    ]

    /// - Parameters:
    ///   - pod: as the origin has it.
    ///   - remote: the status of the edge's pod.
    /// - Returns: the new status; `nil` where it says nothing new.
    ///
    /// A finished pod stays finished, whatever an edge that was away says later.
    public static func status(of pod: KubernetesObject, remote: JSON) -> JSON? {
        let phase = pod.status["phase"]?.string
        guard phase != "Succeeded", phase != "Failed" else { return nil }
        var status = pod.status
        for key in reflected {
            if let value = remote[key] { status[key] = value } else if key != "phase" { status[key] = nil }
        }
        // PodScheduled is the origin's own fact: its scheduler decided.
        let own = Conditions.find("PodScheduled", in: pod.status["conditions"])
        var conditions = (remote["conditions"]?.array ?? []).filter { $0["type"]?.string != "PodScheduled" }
        if let own { conditions.append(own) }
        status["conditions"] = conditions.isEmpty ? nil : .array(conditions)
        return status == pod.status ? nil : status
    }

    /// The status of a pod whose edge cannot be reached: nothing is known to be ready any more.
    public static func unreachable(_ pod: KubernetesObject, now: Int) -> JSON? {
        guard Conditions.isTrue("Ready", in: pod.status["conditions"]) else { return nil }
        var status = pod.status
        var conditions = status["conditions"]
        Conditions.set(
            "Ready", status: "False", reason: "EdgeUnreachable",
            message: "the edge that runs the pod cannot be reached",
            now: now, in: &conditions)
        status["conditions"] = conditions
        return status
    }
}
