import JSONTree
import KubernetesModel

/// What the silence of a node's agent means, and which taints its condition calls for: values in, values out.
enum NodeHealth {
    static let notReady = "node.kubernetes.io/not-ready"
    static let unreachable = "node.kubernetes.io/unreachable"
    private static let conditionTypes = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"]

    /// Whether the hub answers for the node; what becomes of it is not the business of these controllers.
    static func isVirtual(_ node: KubernetesObject) -> Bool { node.label("liqo.io/type") == "virtual-node" }

    /// The status of a node whose agent has fallen silent; its conditions are not known any more.
    ///
    /// - Parameter now: seconds since 1970.
    static func silentStatus(_ node: KubernetesObject, now: Int) -> JSON {
        var status = node.status
        var conditions = status["conditions"]
        for type in conditionTypes {
            let old = Conditions.find(type, in: conditions)
            let wasSeen = old != nil
            let reason = wasSeen ? "NodeStatusUnknown" : "NodeStatusNeverUpdated"
            let message =
                wasSeen ? "Kubelet stopped posting node status." : "Kubelet never posted node status."
            if old?["status"]?.string == "Unknown" { continue }
            let heartbeat = old?["lastHeartbeatTime"] ?? node.json["metadata"]?["creationTimestamp"] ?? .null
            Conditions.set(
                type, status: "Unknown", reason: reason, message: message, now: now, in: &conditions,
                more: ["lastHeartbeatTime": heartbeat])
        }
        status["conditions"] = conditions
        return status
    }

    /// The node's taints with those that its `Ready` condition calls for, and without those it does not.
    ///
    /// - Parameter now: seconds since 1970, for taints that are new.
    static func taints(of node: KubernetesObject, now: Int) -> [JSON] {
        let current = node.spec["taints"]?.array ?? []
        let wanted: String?
        switch Conditions.find("Ready", in: node.status["conditions"])?["status"]?.string {
        case "True": wanted = nil
        case "False": wanted = notReady
        case "Unknown": wanted = unreachable
        // Nobody has said anything yet: the node is new.
        default: return current
        }
        var taints = current.filter { taint in
            let key = taint["key"]?.string
            return key != notReady && key != unreachable || key == wanted
        }
        guard let wanted else { return taints }
        for effect in [Taint.Effect.noSchedule, .noExecute] {
            guard !taints.contains(where: { Taint($0)?.key == wanted && Taint($0)?.effect == effect }) else {
                continue
            }
            var taint = Taint(key: wanted, effect: effect).json
            if effect == .noExecute { taint["timeAdded"] = .string(Timestamp.text(now)) }
            taints.append(taint)
        }
        return taints
    }

    /// When a pod must leave a node because of its `NoExecute` taints, in seconds since 1970; `nil` for never.
    static func evictionTime(of pod: KubernetesObject, taints: [JSON], now: Int) -> Int? {
        let tolerations = Toleration.all(of: pod)
        var earliest: Int?
        for json in taints {
            guard let taint = Taint(json), taint.effect == .noExecute else { continue }
            let matching = tolerations.filter { $0.tolerates(taint) }
            let added = json["timeAdded"]?.string.flatMap(Timestamp.seconds) ?? now
            let leaves: Int?
            if matching.isEmpty {
                leaves = now
            } else if matching.contains(where: { $0.seconds == nil }) {
                leaves = nil
            } else {
                leaves = added + (matching.compactMap(\.seconds).min() ?? 0)
            }
            if let leaves { earliest = min(earliest ?? leaves, leaves) }
        }
        return earliest
    }
}
