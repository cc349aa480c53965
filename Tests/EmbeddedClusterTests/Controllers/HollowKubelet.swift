import ClusterAPI
import JSONTree
import KubernetesModel
import Logging
import Synchronization
import TestKit

/// Plays scheduler and kubelet for tests: binds pods to the emptiest of its nodes, reports them ready, and ends them.
final class HollowKubelet: Sendable {
    private let cluster: any ClusterAPI
    private let nodes: [String]
    private let informer: Informer
    private let queue = WorkQueue<ObjectKey>()
    /// Pods whose image this is never become ready.
    private let brokenImage = "broken"

    private let workers: Int

    /// - Parameter workers: more than one is faster, and binds pods only roughly evenly.
    init(_ cluster: any ClusterAPI, nodes: [String], workers: Int) {
        self.cluster = cluster
        self.nodes = nodes
        self.workers = workers
        informer = Informer(cluster, .pods, logger: .quiet)
        informer.onChange { [queue] in queue.add($0.key) }
    }

    func run() async {
        for node in nodes {
            _ = try? await cluster.create(
                .nodes,
                KubernetesObject(
                    .nodes, name: node,
                    ["metadata": ["labels": ["kubernetes.io/hostname": .string(node), "liqo.io/type": "virtual-node"]]])
            )
        }
        await withDiscardingTaskGroup { group in
            group.addTask { await self.informer.run() }
            group.addTask {
                await Controller("kubelet", queue: self.queue, workers: self.workers, logger: .quiet) { key in
                    try await self.reconcile(key)
                    return .none
                }.run()
            }
        }
    }

    private func reconcile(_ key: ObjectKey) async throws {
        guard let pod = try await cluster.find(.pods, namespace: key.namespace, name: key.name) else { return }
        if pod.isBeingDeleted {
            // As a kubelet does, so that a finalizer's owner learns how the pod ended.
            if pod.status["phase"] == "Running" {
                _ = try await cluster.merge(
                    .pods, namespace: key.namespace, name: key.name, ["status": ["phase": "Failed"]],
                    subresource: "status")
            }
            try await cluster.deleteIfPresent(
                .pods, namespace: key.namespace, name: key.name, DeleteOptions(gracePeriodSeconds: 0))
            return
        }
        guard let node = pod.spec["nodeName"]?.string, !node.isEmpty else {
            let counts = Dictionary(grouping: informer.objects) { $0.spec["nodeName"]?.string ?? "" }.mapValues(\.count)
            let target = nodes.min { (counts[$0] ?? 0, $0) < (counts[$1] ?? 0, $1) } ?? ""
            _ = try await cluster.createSubresource(
                .pods, namespace: key.namespace, name: key.name, subresource: "binding",
                [
                    "apiVersion": "v1", "kind": "Binding", "metadata": ["name": .string(key.name)],
                    "target": ["apiVersion": "v1", "kind": "Node", "name": .string(target)],
                ])
            return queue.add(key)
        }
        let image = pod.spec["containers"]?[0]?["image"]?.string
        guard !["Running", "Succeeded", "Failed"].contains(pod.status["phase"]?.string ?? ""), image != brokenImage
        else {
            return
        }
        _ = try await cluster.merge(
            .pods, namespace: key.namespace, name: key.name,
            [
                "status": [
                    "phase": "Running", "podIP": .string("10.1.\(Int.random(in: 0...250)).\(Int.random(in: 1...250))"),
                    "conditions": [["type": "Ready", "status": "True", "lastTransitionTime": "2026-11-21T08:00:00Z"]],
                ]
            ], subresource: "status")
    }
}

extension Logger {
    static var quiet: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}
