import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import Scheduling
import TestKit

@testable import Hub

/// Deployments' ReplicaSets and the scheduler, for workloads whose pods may move: as Kubernetes and the hub's loop have them.
extension Origin {
    private static let hash = "5d4f"

    /// Makes, adopts, releases and ends pods as a ReplicaSet does.
    func keepReplicas(_ workload: Workload) async throws {
        let set = try await replicaSet(workload)
        guard set.spec["replicas"]?.int == workload.count else {
            _ = try await cluster.merge(
                .replicaSets, namespace: workload.namespace, name: workload.name,
                ["spec": ["replicas": JSON(workload.count)]])
            return
        }
        var own: [KubernetesObject] = []
        for pod in try await pods(of: workload) where !pod.isFinishedPod && !pod.isBeingDeleted {
            let isSelected = pod.label(MoveMark.label) == Self.hash
            if pod.controller?.uid == set.uid, !isSelected {
                try await setOwners(of: pod, .null)
            } else if pod.controller == nil, isSelected {
                try await setOwners(of: pod, Self.owners(set))
            } else if isSelected {
                own.append(pod)
            }
        }
        for pod in try await pods(of: workload) where pod.isFinishedPod && !pod.isBeingDeleted { try await delete(pod) }
        for _ in 0..<max(0, workload.count - own.count) { try await createReplica(workload, set) }
        guard own.count > workload.count else { return }
        let crowd = Dictionary(grouping: own) { $0.spec["nodeName"]?.string ?? "" }.mapValues(\.count)
        for pod in own.sorted(by: { Self.goesFirst($0, $1, crowd) }).prefix(own.count - workload.count) {
            try await delete(pod)
        }
    }

    /// Whom a ReplicaSet ends first: who has no node, who is not ready, who is among many, who is youngest.
    private static func goesFirst(_ one: KubernetesObject, _ other: KubernetesObject, _ crowd: [String: Int]) -> Bool {
        func rank(_ pod: KubernetesObject) -> (Int, Int, Int) {
            let node = pod.spec["nodeName"]?.string
            let isReady = Conditions.isTrue("Ready", in: pod.status["conditions"])
            return (node == nil ? 0 : 1, isReady ? 1 : 0, -(crowd[node ?? ""] ?? 0))
        }
        if rank(one) != rank(other) { return rank(one) < rank(other) }
        return (one.creationTimestamp, one.name) > (other.creationTimestamp, other.name)
    }

    private func replicaSet(_ workload: Workload) async throws -> KubernetesObject {
        let known = try await cluster.find(.replicaSets, namespace: workload.namespace, name: workload.name)
        if let known { return known }
        var set = KubernetesObject(
            .replicaSets, name: workload.name, namespace: workload.namespace,
            [
                "spec": [
                    "replicas": JSON(workload.count),
                    "selector": [
                        "matchLabels": ["app": .string(workload.name), "pod-template-hash": .string(Self.hash)]
                    ],
                ]
            ])
        set.json["metadata", "ownerReferences"] = [
            [
                "apiVersion": "apps/v1", "kind": "Deployment", "name": .string(workload.name),
                "uid": .string("deployment-\(workload.name)"), "controller": true,
            ]
        ]
        return try await cluster.create(.replicaSets, set)
    }

    private static func owners(_ set: KubernetesObject) -> JSON {
        [
            [
                "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": .string(set.name), "uid": .string(set.uid),
                "controller": true,
            ]
        ]
    }

    private func setOwners(of pod: KubernetesObject, _ owners: JSON) async throws {
        _ = try await cluster.merge(
            .pods, namespace: pod.namespace, name: pod.name, ["metadata": ["ownerReferences": owners]])
    }

    private func createReplica(_ workload: Workload, _ set: KubernetesObject) async throws {
        let container: JSON = ["name": "c", "image": "nginx"]
        let spread: JSON = [
            "maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": ["matchLabels": ["app": .string(workload.name)]],
        ]
        let pod = KubernetesObject(
            .pods, name: nextPodName(workload), namespace: workload.namespace,
            [
                "metadata": [
                    "labels": ["app": .string(workload.name), "pod-template-hash": .string(Self.hash)],
                    "ownerReferences": Self.owners(set),
                ],
                "spec": [
                    "containers": [container], "restartPolicy": "Always", "topologySpreadConstraints": [spread],
                ],
            ])
        try await admit(pod)
    }

    /// The node that the hub's scheduler gives a pod; `nil` for none now.
    func decide(
        _ pod: KubernetesObject, _ hub: Hub, _ nodes: [KubernetesObject], _ pods: [KubernetesObject]
    ) throws -> String? {
        let advice = hub.advice
        var scheduler = SpreadScheduler()
        for node in nodes where !node.isBeingDeleted {
            scheduler.snapshot.setNode(SchedulingNode(node, state: advice.state(ofNode: node)))
        }
        for other in pods where !other.isFinishedPod && other.spec["nodeName"]?.string != nil {
            scheduler.snapshot.setPod(PlacedPod(other))
        }
        return scheduler.decide(try PendingPod(advice.placed(pod)), excluding: advice.excludedNodes(for: pod)).node
    }
}
