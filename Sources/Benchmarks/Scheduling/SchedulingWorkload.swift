import JSONTree
import KubernetesModel

/// The workload that Kubernetes measures its scheduler with: nodes of 4 CPUs, 32 Gi and 110 pods in three zones, pods of 100m
/// and 500Mi, plain or spread with maxSkew 5.
enum SchedulingWorkload {
    static let zoneKey = "topology.kubernetes.io/zone"
    /// Over what pods are spread; with several constraints over the first ones.
    static let keys = [zoneKey, "kubernetes.io/hostname", "topology.kubernetes.io/rack"]
    static let zones = 3
    /// A rack holds that many nodes, so there are more racks where there are more nodes.
    static let nodesInRack = 50

    static func node(_ number: Int, readySince time: String) -> KubernetesObject {
        let resources: JSON = ["cpu": "4", "memory": "32Gi", "pods": "110"]
        var node = KubernetesObject(.nodes, name: "node-\(number)")
        node.labels = [
            zoneKey: "zone-\(number % zones)", "kubernetes.io/hostname": node.name,
            "topology.kubernetes.io/rack": "rack-\(number / nodesInRack)",
        ]
        node.json["status"] = [
            "capacity": resources, "allocatable": resources,
            "conditions": [
                [
                    "type": "Ready", "status": "True", "reason": "KubeletReady", "message": "ready",
                    "lastHeartbeatTime": .string(time), "lastTransitionTime": .string(time),
                ]
            ],
        ]
        return node
    }

    /// - Parameter constraints: how many `DoNotSchedule` constraints it has; without any it is a plain one.
    static func pod(_ name: String, namespace: String, constraints: Int) -> KubernetesObject {
        var pod = KubernetesObject(.pods, name: name, namespace: namespace)
        pod.labels = ["app": constraints == 0 ? "plain" : "spread"]
        pod.json["spec"] = [
            "containers": [
                [
                    "name": "pause", "image": "registry.k8s.io/pause:3.10",
                    "resources": ["requests": ["cpu": "100m", "memory": "500Mi"]],
                ]
            ]
        ]
        guard constraints > 0 else { return pod }
        pod.json["spec", "topologySpreadConstraints"] = .array(
            keys.prefix(constraints).map { key in
                [
                    "maxSkew": 5, "topologyKey": .string(key), "whenUnsatisfiable": "DoNotSchedule",
                    "labelSelector": ["matchLabels": ["app": "spread"]],
                ]
            })
        return pod
    }
}
