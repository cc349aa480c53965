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
        // The edge counts generations of its own pod; as the origin's they would look old, and `kubectl wait` would wait on.
        for place in conditions.indices { conditions[place]["observedGeneration"] = nil }
        if let own { conditions.append(own) }
        status["conditions"] = conditions.isEmpty ? nil : .array(conditions)
        return status == pod.status ? nil : status
    }

    /// Whether another status is to follow this one in a moment: of a pod that is on its way to run and complains of nothing.
    static func isPassing(before: JSON, after: JSON) -> Bool {
        ["", "Pending"].contains(before["phase"]?.string ?? "")
            && ["", "Pending"].contains(after["phase"]?.string ?? "")
            && complaints(before: before, after: after).isEmpty
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

    /// The status of a pod that is given up with whatever still runs of it: nothing of it is ready, and how its containers
    /// end is not waited for (`ContainerStatusUnknown`, as a kubelet says of containers it cannot find any more).
    public static func ended(_ pod: KubernetesObject, now: Int) -> JSON {
        var status = pod.status
        var conditions = status["conditions"]
        for type in ["Ready", "ContainersReady"] where Conditions.isTrue(type, in: conditions) {
            Conditions.set(type, status: "False", reason: "PodFailed", message: "", now: now, in: &conditions)
        }
        status["conditions"] = conditions
        for list in ["containerStatuses", "initContainerStatuses"] {
            guard let containers = status[list]?.array else { continue }
            status[list] = .array(
                containers.map { container in
                    guard container["state"]?["terminated"] == nil else { return container }
                    var container = container
                    container["ready"] = false
                    container["started"] = false
                    container["state"] = [
                        "terminated": [
                            "exitCode": 137, "reason": "ContainerStatusUnknown",
                            "message": "The container could not be located when the pod was terminated",
                        ]
                    ]
                    return container
                })
        }
        return status
    }

    /// What a container waits for, in the edge's words.
    public struct Complaint: Sendable, Hashable {
        public var container: String
        /// Of the waiting state, such as `ImagePullBackOff`.
        public var reason: String
        public var message: String
    }

    /// The reasons to wait that came with a new status: `kubectl describe` shows no waiting container's message, and the
    /// edge's own events are not the origin's.
    public static func complaints(before: JSON, after: JSON) -> [Complaint] {
        func all(_ status: JSON) -> [Complaint] {
            ["initContainerStatuses", "containerStatuses"].flatMap { status[$0]?.array ?? [] }.compactMap { container in
                guard let waiting = container["state"]?["waiting"], let reason = waiting["reason"]?.string,
                    let message = waiting["message"]?.string, !message.isEmpty
                else { return nil }
                return Complaint(container: container["name"]?.string ?? "", reason: reason, message: message)
            }
        }
        let known = Set(all(before))
        return all(after).filter { !known.contains($0) }
    }
}
