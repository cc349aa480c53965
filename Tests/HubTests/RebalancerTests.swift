import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import Scheduling
import TestKit
import Testing

@testable import Hub

@Suite("Rebalancing", .timeLimit(.minutes(1))) struct RebalancerTests {
    /// A namespace that asks for it, with a Deployment's ReplicaSet of three pods on one edge of two. The test plays the
    /// ReplicaSet, the scheduler and the clock.
    private final class Scene: Sendable {
        let bench: HubBench
        let rebalancer: Rebalancer
        let start = ContinuousClock.now

        init(annotations: [String: String] = [Names.rebalanceAnnotation: "30s"], _ body: (Scene) async throws -> Void)
            async throws
        {
            bench = try HubBench()
            let context = bench.context
            rebalancer = Rebalancer(
                context: context,
                advice: EdgeAdvice(
                    edges: context.edges, rejections: context.rejections, moves: context.moves,
                    offloadings: context.offloadings, adoption: PodAdoption(context: context)))
            try await bench.run {
                try await bench.namespace()
                try await bench.offloading(annotations: annotations)
                for edge in ["rome", "milan"] {
                    bench.edge(edge)
                    try await node("liqo-\(edge)")
                }
                var replicaSet = KubernetesObject(
                    .replicaSets, name: "web", namespace: "shop",
                    [
                        "spec": [
                            "replicas": 3, "selector": ["matchLabels": ["app": "a", "pod-template-hash": "abc"]],
                        ]
                    ])
                replicaSet.json["metadata", "ownerReferences"] = [
                    ["apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "d-1", "controller": true]
                ]
                _ = try await bench.cluster.create(.replicaSets, replicaSet)
                for name in ["a", "b", "c"] { try await pod(name, on: "rome") }
                try await body(self)
            }
        }

        func node(_ name: String) async throws {
            _ = try await bench.cluster.create(
                .nodes,
                KubernetesObject(
                    .nodes, name: name,
                    [
                        "metadata": [
                            "labels": ["kubernetes.io/hostname": .string(name), "liqo.io/type": "virtual-node"]
                        ],
                        "status": ["allocatable": ["cpu": "4", "memory": "8Gi", "pods": "110"]],
                    ]))
        }

        /// A pod as the ReplicaSet and the scheduler make them.
        func pod(_ name: String, on edge: String, ready: Bool = true) async throws {
            let owner = try await bench.cluster.get(.replicaSets, namespace: "shop", name: "web")
            let new = try await bench.cluster.create(
                .pods,
                KubernetesObject(
                    .pods, name: name, namespace: "shop",
                    [
                        "metadata": [
                            "labels": ["app": "a", "pod-template-hash": "abc"],
                            "ownerReferences": [
                                [
                                    "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web",
                                    "uid": .string(owner.uid), "controller": true,
                                ]
                            ],
                        ],
                        "spec": ["nodeName": .string("liqo-\(edge)"), "containers": [["name": "c"]]],
                    ]))
            var changed = new
            changed.status = [
                "phase": "Running", "conditions": [["type": "Ready", "status": .string(ready ? "True" : "False")]],
            ]
            _ = try await bench.cluster.updateStatus(.pods, changed)
        }

        /// One look, so many seconds after the beginning.
        func look(_ seconds: Int) async throws {
            try await bench.settle()
            await rebalancer.look(at: start + .seconds(seconds))
            try await bench.settle()
        }

        /// The pod that is being moved, as the ReplicaSet leaves it: let go.
        func moving() async throws -> KubernetesObject? {
            let all = try await bench.cluster.list(.pods, namespace: "shop", ListOptions()).items
            guard let pod = all.first(where: { $0.annotation(Names.rebalancingAnnotation) != nil }) else { return nil }
            guard pod.controller != nil else { return pod }
            return try await bench.cluster.merge(
                .pods, namespace: "shop", name: pod.name, ["metadata": ["ownerReferences": .null]])
        }

        func reasons() async throws -> [String] {
            try await bench.cluster.list(.coreEvents).items.compactMap { $0.json["reason"]?.string }
        }
    }

    @Test("moves one pod once all edges have been well for long enough: the new one is ready before the old one goes")
    func move() async throws {
        _ = try await Scene { scene in
            try await scene.look(0)
            try await scene.look(29)
            #expect(try await scene.moving() == nil)
            try await scene.look(30)
            let old = try #require(try await scene.moving())
            #expect(old.label("pod-template-hash") == nil && old.label("app") == "a")
            #expect(try await scene.reasons().sorted() == ["RebalancePlanned", "Rebalancing"])
            // Its ReplicaSet's new pod may go to the other edge only.
            let owner = try await scene.bench.cluster.get(.replicaSets, namespace: "shop", name: "web").uid
            #expect(scene.bench.context.moves[owner].keys.sorted() == ["liqo-rome"])
            try await scene.look(31)
            #expect(try await scene.bench.found(pod: old.name)?.isBeingDeleted == false)
            scene.bench.now.value += 1
            try await scene.pod("d", on: "milan")
            try await scene.look(32)
            #expect(try await scene.bench.found(pod: old.name)?.isBeingDeleted == true)
            let new = try #require(try await scene.bench.found(pod: "d"))
            #expect(new.annotation(Names.movedAtAnnotation) == "\(scene.bench.now.value)")
            #expect(scene.bench.context.moves.isEmpty)
            let moves = scene.bench.log.audit("move")
            #expect(moves.map { $0["pod"] } == ["shop/\(old.name)"])
            #expect(moves.first?["edge"] == "rome" && moves.first?["to"] == "milan" && moves.first?["uid"] == old.uid)
            let evictions = scene.bench.log.audit("eviction")
            #expect(evictions.map { $0["uid"] } == [old.uid])
            #expect(evictions.first?["reason"] == "moved to milan by rebalancing")
            try await scene.bench.cluster.delete(
                .pods, namespace: "shop", name: old.name, DeleteOptions(gracePeriodSeconds: 0))
            for time in 33...40 { try await scene.look(time) }
            #expect(try await scene.moving() == nil, "two and one is balanced")
        }
    }

    @Test(
        "moves nothing where nobody asks, where an edge is not well, where pods are not ready, or where all have moved lately"
    )
    func still() async throws {
        _ = try await Scene(annotations: [:]) { scene in
            for time in [0, 100] { try await scene.look(time) }
            #expect(try await scene.moving() == nil)
        }
        _ = try await Scene { scene in
            try await scene.look(0)
            scene.bench.context.edges.update("milan") { $0.state = .suspect }
            try await scene.look(40)
            scene.bench.context.edges.update("milan") { $0.state = .ready }
            try await scene.look(60)
            try await scene.look(89)
            #expect(try await scene.moving() == nil, "well for 29 s only")
            try await scene.pod("d", on: "rome", ready: false)
            try await scene.look(90)
            #expect(try await scene.moving() == nil, "a workload that is not at rest")
        }
        _ = try await Scene { scene in
            for name in ["a", "b", "c"] {
                _ = try await scene.bench.cluster.merge(
                    .pods, namespace: "shop", name: name,
                    ["metadata": ["annotations": [Names.movedAtAnnotation: .string("\(scene.bench.now.value - 599)")]]])
            }
            for time in [0, 60] { try await scene.look(time) }
            #expect(try await scene.moving() == nil)
            scene.bench.now.value += 1
            try await scene.look(121)
            #expect(try await scene.moving() != nil, "the cooldown is over")
        }
    }

    @Test("a budget that forbids the eviction is waited for, and in the end the move is taken back")
    func budget() async throws {
        _ = try await Scene { scene in
            for time in [0, 30] { try await scene.look(time) }
            let old = try #require(try await scene.moving())
            scene.bench.cluster.evictionRefusal = APIError.tooManyRequests(
                "it would violate the budget", retryAfterSeconds: 1)
            try await scene.pod("d", on: "milan")
            try await scene.look(32)
            #expect(try await scene.bench.found(pod: old.name)?.isBeingDeleted == false)
            #expect(try await scene.reasons().contains("RebalanceBlocked"))
            scene.bench.now.value += 121
            try await scene.look(153)
            let kept = try #require(try await scene.bench.found(pod: old.name))
            #expect(!kept.isBeingDeleted && kept.label("pod-template-hash") == "abc")
            #expect(kept.annotation(Names.rebalancingAnnotation) == nil)
            #expect(
                try await scene.bench.found(pod: "d")?.isBeingDeleted == false,
                "the new one is ready: the ReplicaSet chooses")
            #expect(try await scene.reasons().contains("RebalanceAbandoned"))
        }
    }

    @Test("a move is taken back when an edge falls silent, and not begun again before the cooldown is over")
    func undone() async throws {
        _ = try await Scene { scene in
            for time in [0, 30] { try await scene.look(time) }
            let old = try #require(try await scene.moving())
            try await scene.pod("d", on: "milan", ready: false)
            scene.bench.context.edges.update("milan") { $0.state = .suspect }
            try await scene.look(31)
            let kept = try #require(try await scene.bench.found(pod: old.name))
            #expect(kept.label("pod-template-hash") == "abc" && !kept.isBeingDeleted)
            #expect(try await scene.bench.found(pod: "d")?.isBeingDeleted == true)
            // Adopted again, and the other one is gone.
            try await scene.bench.cluster.delete(
                .pods, namespace: "shop", name: "d", DeleteOptions(gracePeriodSeconds: 0))
            try await scene.bench.cluster.delete(
                .pods, namespace: "shop", name: old.name, DeleteOptions(gracePeriodSeconds: 0))
            try await scene.pod(old.name, on: "rome")
            scene.bench.context.edges.update("milan") { $0.state = .ready }
            for time in [36, 100, 600] { try await scene.look(time) }
            #expect(try await scene.moving() == nil)
            #expect(scene.bench.context.moves.isEmpty)
            try await scene.look(700)
            #expect(try await scene.moving() != nil)
        }
    }

    @Test("a pod that is gone before its move is leaves nothing behind that keeps its workload's new pods off edges")
    func vanished() async throws {
        _ = try await Scene { scene in
            for time in [0, 30] { try await scene.look(time) }
            let old = try #require(try await scene.moving())
            let owner = try await scene.bench.cluster.get(.replicaSets, namespace: "shop", name: "web").uid
            try await scene.bench.cluster.delete(
                .pods, namespace: "shop", name: old.name, DeleteOptions(gracePeriodSeconds: 0))
            try await scene.look(31)
            #expect(!scene.bench.context.moves[owner].isEmpty, "that it is gone may be old news")
            for time in [35, 36] { try await scene.look(time) }
            #expect(scene.bench.context.moves.isEmpty)
        }
    }

    @Test("a hub that starts anew goes on with what is under way")
    func restarted() async throws {
        _ = try await Scene { scene in
            for time in [0, 30] { try await scene.look(time) }
            let old = try #require(try await scene.moving())
            let owner = try await scene.bench.cluster.get(.replicaSets, namespace: "shop", name: "web").uid
            scene.bench.context.moves.forget(owner)
            let context = scene.bench.context
            let again = Rebalancer(
                context: context,
                advice: EdgeAdvice(
                    edges: context.edges, rejections: context.rejections, moves: context.moves,
                    offloadings: context.offloadings, adoption: PodAdoption(context: context)))
            try await scene.bench.settle()
            await again.look(at: scene.start + .seconds(31))
            #expect(context.moves[owner].keys.sorted() == ["liqo-rome"])
            try await scene.pod("d", on: "milan")
            try await scene.bench.settle()
            await again.look(at: scene.start + .seconds(32))
            #expect(try await scene.bench.found(pod: old.name)?.isBeingDeleted == true)
        }
    }
}
