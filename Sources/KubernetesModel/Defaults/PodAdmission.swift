public import JSONTree

/// What Kubernetes' admission plugins add to a new pod; apart from defaulting, because it needs other objects.
public enum PodAdmission {
    /// Tolerates a node that is not ready or not reachable for five minutes, unless the pod says otherwise (plugin
    /// `DefaultTolerationSeconds`).
    public static func addTolerations(to pod: inout JSON, seconds: Int = 300) {
        let tolerations = pod["spec"]?["tolerations"]?.array ?? []
        var added = tolerations
        for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
            let isCovered = tolerations.contains { toleration in
                let own = toleration["key"]?.string ?? ""
                let effect = toleration["effect"]?.string ?? ""
                return (own == key || own.isEmpty) && (effect == "NoExecute" || effect.isEmpty)
            }
            guard !isCovered else { continue }
            added.append([
                "key": .string(key), "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": JSON(seconds),
            ])
        }
        if added.count > tolerations.count { pod["spec", "tolerations"] = .array(added) }
    }

    /// Sets the pod's priority from its class (plugin `Priority`).
    ///
    /// - Parameters:
    ///   - priorityClass: the class that the pod names, or the global default; `nil` where there is none.
    public static func setPriority(of pod: inout JSON, from priorityClass: KubernetesObject?) {
        if let priorityClass {
            pod["spec", "priorityClassName"] = .string(priorityClass.name)
            pod["spec", "priority"] = priorityClass.json["value"] ?? 0
            pod["spec", "preemptionPolicy"] = priorityClass.json["preemptionPolicy"] ?? "PreemptLowerPriority"
        } else {
            pod["spec", "priority"] = 0
            if pod["spec"]?["preemptionPolicy"] == nil { pod["spec", "preemptionPolicy"] = "PreemptLowerPriority" }
        }
    }
}
