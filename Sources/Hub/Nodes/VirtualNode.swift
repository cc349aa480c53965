import JSONTree
import KubernetesModel
import OffloadingModel
import Scheduling
import Wire

/// The node that stands for an edge: a pure function of the peering and of what the edge says.
enum VirtualNode {
    /// Labels that say what a node is: an edge's own labels may not overrule them.
    private static func fixedLabels(_ cluster: ForeignCluster, _ edge: AdvertiseMessage) -> [String: String] {
        [
            Names.typeLabel: Names.virtualNodeType, Names.remoteClusterIDLabel: cluster.clusterID,
            Names.roleLabel: "agent", "kubernetes.io/hostname": cluster.virtualNode,
            "kubernetes.io/arch": edge.architecture, "kubernetes.io/os": edge.operatingSystem,
            "node.kubernetes.io/exclude-from-external-load-balancers": "true",
        ]
    }

    static func labels(_ cluster: ForeignCluster, _ edge: AdvertiseMessage) -> [String: String] {
        edge.labels.merging(fixedLabels(cluster, edge)) { _, fixed in fixed }
    }

    /// The node without its status.
    ///
    /// - Parameter before: the node as it is; what others put there (cordons, taints, labels) stays.
    static func node(
        _ cluster: ForeignCluster, _ edge: AdvertiseMessage, state: EdgeState, before: KubernetesObject?
    ) -> KubernetesObject {
        var node = before ?? KubernetesObject(.nodes, name: cluster.virtualNode)
        node.labels = node.labels.merging(labels(cluster, edge)) { _, new in new }
        var annotations = node.annotations
        annotations[Names.edgeStateAnnotation] = state.rawValue
        node.annotations = annotations
        var taints = (node.spec["taints"]?.array ?? []).filter { taint in
            guard let key = taint["key"]?.string else { return false }
            // With the effect NoExecute it is the cluster's own node controller that puts it there and takes it away.
            return key != Names.virtualNodeTaint
                && !(key == unreachableTaint && taint["effect"]?.string == "NoSchedule")
        }
        taints.append(["key": .string(Names.virtualNodeTaint), "value": "true", "effect": "NoExecute"])
        if state == .disconnected || state == .lost {
            taints.append(["key": .string(unreachableTaint), "effect": "NoSchedule"])
        }
        var spec = node.spec
        if spec["taints"] != .array(taints) { spec["taints"] = .array(taints) }
        if state == .draining {
            spec["unschedulable"] = true
        } else if before?.annotation(Names.edgeStateAnnotation) == EdgeState.draining.rawValue {
            // The withdrawal that cordoned it was called off.
            spec["unschedulable"] = nil
        }
        spec["providerID"] = .string("causeway://\(cluster.clusterID)")
        node.spec = spec
        return node
    }

    private static let unreachableTaint = "node.kubernetes.io/unreachable"

    /// The node's status.
    ///
    /// - Parameters:
    ///   - address: where the node's kubelet endpoint is, which is the hub itself.
    ///   - port: of that endpoint.
    ///   - now: seconds since 1970.
    static func status(
        _ edge: AdvertiseMessage, state: EdgeState, isNetworkUp: Bool, address: String, port: Int = 10250, before: JSON,
        now: Int
    ) -> JSON {
        var status = before
        status["capacity"] = JSON(edge.capacity)
        status["allocatable"] = JSON(edge.allocatable)
        status["addresses"] = [["type": "InternalIP", "address": .string(address)]]
        status["daemonEndpoints"] = ["kubeletEndpoint": ["Port": JSON(port)]]
        status["nodeInfo"] = [
            "architecture": .string(edge.architecture), "operatingSystem": .string(edge.operatingSystem),
            "kubeletVersion": .string(edge.kubeletVersion), "kubeProxyVersion": "", "machineID": "", "systemUUID": "",
            "bootID": "", "kernelVersion": .string(edge.kernelVersion), "osImage": "Causeway",
            "containerRuntimeVersion": "causeway://1",
        ]
        var conditions = before["conditions"]
        func set(_ type: String, _ value: String, _ reason: String, _ message: String) {
            Conditions.set(type, status: value, reason: reason, message: message, now: now, in: &conditions)
        }
        switch state {
        case .joining: set("Ready", "False", "EdgeJoining", "the edge has not been heard of yet")
        case .ready, .suspect, .draining: set("Ready", "True", "EdgeReady", "the edge answers through its agent")
        case .degraded: set("Ready", "False", "EdgeDegraded", "the agent answers, its cluster does not")
        case .disconnected, .lost:
            set("Ready", "Unknown", "EdgeUnreachable", "the edge's agent does not answer; the hub goes on dialling it")
        case .left: set("Ready", "False", "EdgeLeft", "the peering was withdrawn")
        }
        set("MemoryPressure", "False", "EdgeHasSufficientMemory", "")
        set("DiskPressure", "False", "EdgeHasNoDiskPressure", "")
        set("PIDPressure", "False", "EdgeHasSufficientPID", "")
        set(
            "NetworkUnavailable", isNetworkUp ? "False" : "True",
            isNetworkUp ? "PeeringNetworkUp" : "PeeringNetworkDown",
            isNetworkUp ? "a stream through the peering is answered from the edge's pod network" : "")
        status["conditions"] = conditions
        return status
    }
}

extension VirtualNode {
    /// Whether two statuses tell different amounts of the same.
    static func areAmountsAllThatDiffers(_ one: JSON, _ other: JSON) -> Bool {
        var one = one
        for key in ["capacity", "allocatable"] { one[key] = other[key] }
        return one == other
    }

    /// Without the labels and amounts that a node cannot have: they would keep the edge's node from being stored at all.
    static func sanitized(_ edge: AdvertiseMessage) -> AdvertiseMessage {
        func amounts(_ list: [String: String]) -> [String: String] {
            list.filter { LabelSyntax.problem(key: $0.key) == nil && (try? Quantity($0.value)) != nil }
        }
        var result = edge
        result.labels = edge.labels.filter { key, value in
            LabelSyntax.problem(key: key) == nil && LabelSyntax.problem(value: value) == nil
        }
        result.capacity = amounts(edge.capacity)
        result.allocatable = amounts(edge.allocatable)
        return result
    }

    /// What an edge said last, as its node remembers it: for a hub that has restarted and not heard of the edge again.
    static func advertisement(from node: KubernetesObject) -> AdvertiseMessage {
        let info = node.status["nodeInfo"]
        return AdvertiseMessage(
            capacity: node.status["capacity"]?.stringMap ?? [:],
            allocatable: node.status["allocatable"]?.stringMap ?? [:],
            labels: node.labels, architecture: info?["architecture"]?.string ?? "",
            operatingSystem: info?["operatingSystem"]?.string ?? "linux",
            kernelVersion: info?["kernelVersion"]?.string ?? "", kubeletVersion: info?["kubeletVersion"]?.string ?? "",
            conditions: [.init(type: "Ready", status: "Unknown", reason: "HubRestarted")])
    }
}
