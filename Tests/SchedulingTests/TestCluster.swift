import JSONTree
import KubernetesModel
import Scheduling

/// Short ways to nodes and pods for tests.
enum TestCluster {
    static func node(
        _ name: String, zone: String? = nil, cpu: String = "4", pods: Int = 110, state: EdgeState = .ready
    ) throws -> SchedulingNode {
        var labels = ["kubernetes.io/hostname": name]
        labels["zone"] = zone
        let allocatable: ResourceAmounts = ["cpu": try Quantity(cpu), "memory": try Quantity("8Gi")]
        return SchedulingNode(
            name: name, labels: labels, allocatable: ResourceCounts(allocatable), allocatablePods: pods, state: state)
    }

    /// A pod of the application `app`; with `key`, spread over it with `maxSkew` 1 and `DoNotSchedule`.
    static func pod(
        _ name: String, app: String = "a", cpu: String = "100m", spreadOver key: String? = nil,
        taints: String = "Ignore"
    ) -> KubernetesObject {
        var pod = KubernetesObject(
            .pods, name: name, namespace: "d",
            [
                "metadata": ["labels": ["app": .string(app)]],
                "spec": ["containers": [["name": "c", "resources": ["requests": ["cpu": .string(cpu)]]]]],
            ])
        if let key {
            pod.json["spec", "topologySpreadConstraints"] = [
                [
                    "maxSkew": 1, "topologyKey": .string(key), "whenUnsatisfiable": "DoNotSchedule",
                    "nodeTaintsPolicy": .string(taints), "labelSelector": ["matchLabels": ["app": .string(app)]],
                ]
            ]
        }
        return pod
    }

    static func placed(_ pod: KubernetesObject, on node: String) -> PlacedPod {
        var placed = PlacedPod(pod)
        placed.node = node
        return placed
    }
}

/// Numbers that are the same in every run (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
