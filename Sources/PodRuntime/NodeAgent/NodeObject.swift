import JSONTree
import KubernetesModel

/// The Node object of one node: pure, from facts to JSON.
struct NodeObject {
    let node: NodeAgentConfiguration.Node
    let configuration: NodeAgentConfiguration
    let facts: MachineFacts
    let runtimeVersion: String
    let address: String
    /// What users must know about the node's runtime; `nil` mostly.
    let warning: String?

    /// The annotation that carries the runtime's warning.
    static let warningAnnotation = "causeway.io/runtime-warning"

    var labels: [String: String] {
        var labels = node.labels
        for prefix in ["", "beta."] {
            labels[prefix + "kubernetes.io/arch"] = facts.architecture
            labels[prefix + "kubernetes.io/os"] = "linux"
        }
        labels["kubernetes.io/hostname"] = node.name
        for role in node.roles { labels["node-role.kubernetes.io/\(role)"] = "" }
        return labels
    }

    var new: KubernetesObject {
        var object = KubernetesObject(.nodes, name: node.name, ["metadata": metadata])
        if !configuration.podCIDR.isEmpty {
            object.spec = [
                "podCIDR": .string(configuration.podCIDR), "podCIDRs": [.string(configuration.podCIDR)],
            ]
        }
        return object
    }

    /// What the node agent owns of the metadata, as a merge patch.
    var metadata: JSON {
        var metadata: JSON = ["labels": JSON(labels)]
        if let warning { metadata["annotations"] = [Self.warningAnnotation: .string(warning)] }
        return metadata
    }

    /// The status, continuing the old one's conditions.
    ///
    /// - Parameter now: seconds since 1970.
    func status(after old: JSON?, now: Int) -> JSON {
        var conditions = old?["conditions"]
        for condition in self.conditions {
            Conditions.set(
                condition.type, status: condition.status, reason: condition.reason, message: condition.message,
                now: now,
                in: &conditions, more: ["lastHeartbeatTime": .string(Timestamp.text(now))])
        }
        var status = old?.object != nil ? old ?? [:] : [:]
        status["addresses"] = [
            ["type": "InternalIP", "address": .string(address)], ["type": "Hostname", "address": .string(node.name)],
        ]
        // What others advertise on the node, such as extended resources, stays, and is there to be allocated.
        var capacity = old?["capacity"] ?? [:]
        capacity.merge(resources)
        status["capacity"] = capacity
        status["allocatable"] = capacity
        status["conditions"] = conditions
        status["nodeInfo"] = [
            "architecture": .string(facts.architecture), "bootID": .string(facts.bootID),
            "containerRuntimeVersion": .string(runtimeVersion), "kernelVersion": .string(facts.kernelVersion),
            "kubeProxyVersion": "", "kubeletVersion": .string(configuration.kubeletVersion),
            "machineID": .string(facts.machineID), "operatingSystem": "linux", "osImage": .string(facts.systemName),
            "systemUUID": .string(facts.machineID),
        ]
        return status
    }

    /// This node's share of the machine.
    private var resources: JSON {
        let count = max(1, configuration.nodes.count)
        let millis = facts.processors * 1000 / count
        return [
            "cpu": .string(millis % 1000 == 0 ? "\(millis / 1000)" : "\(millis)m"),
            "ephemeral-storage": .string("\(facts.disk / 1024 / count)Ki"),
            "memory": .string("\(facts.memory / 1024 / count)Ki"), "pods": .string("\(configuration.podsPerNode)"),
        ]
    }

    private struct Condition {
        let type: String
        let status: String
        let reason: String
        let message: String
    }

    /// The kubelet's conditions in its words and at its thresholds for eviction: 100 MiB of memory, a tenth of the disk.
    private var conditions: [Condition] {
        let lacksMemory = facts.availableMemory < 100 << 20
        let lacksDisk = facts.availableDisk < facts.disk / 10
        let lacksProcesses = facts.freeProcessNumbers < 100
        return [
            Condition(
                type: "MemoryPressure", status: lacksMemory ? "True" : "False",
                reason: lacksMemory ? "KubeletHasInsufficientMemory" : "KubeletHasSufficientMemory",
                message: lacksMemory
                    ? "kubelet has insufficient memory available" : "kubelet has sufficient memory available"),
            Condition(
                type: "DiskPressure", status: lacksDisk ? "True" : "False",
                reason: lacksDisk ? "KubeletHasDiskPressure" : "KubeletHasNoDiskPressure",
                message: lacksDisk ? "kubelet has disk pressure" : "kubelet has no disk pressure"),
            Condition(
                type: "PIDPressure", status: lacksProcesses ? "True" : "False",
                reason: lacksProcesses ? "KubeletHasInsufficientPID" : "KubeletHasSufficientPID",
                message: lacksProcesses
                    ? "kubelet has insufficient PID available" : "kubelet has sufficient PID available"),
            Condition(
                type: "Ready", status: "True", reason: "KubeletReady", message: "kubelet is posting ready status"),
        ]
    }
}
