import JSONTree
import KubernetesModel
import Scheduling
import Testing

@testable import EmbeddedCluster

/// Rollouts of spread pods, step by step, with the plans and the scheduler that do it in a cluster and nothing else.
@Suite("A rollout of pods that are spread over edges")
struct SpreadRolloutTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let edges: Int
        let strategy: String
        /// Whether the constraint has `matchLabelKeys: [pod-template-hash]`, which counts each revision for itself.
        let isByRevision: Bool
        let seed: UInt64
        var testDescription: String { "\(edges) edges, \(strategy), by revision: \(isByRevision), seed \(seed)" }
    }

    static let cases: [Case] = [2, 3, 4].flatMap { edges in
        [#"{"maxSurge":"25%","maxUnavailable":0}"#, #"{"maxSurge":1,"maxUnavailable":0}"#].flatMap { strategy in
            [true, false].flatMap { isByRevision in
                (1...8).map { Case(edges: edges, strategy: strategy, isByRevision: isByRevision, seed: $0) }
            }
        }
    }

    @Test("of as many replicas as edges finishes under maxSkew 1, and is never below its size", arguments: cases)
    func finishes(trial: Case) throws {
        var rollout = try SimulatedRollout(
            edges: trial.edges, strategy: trial.strategy, isByRevision: trial.isByRevision, seed: trial.seed)
        try rollout.run { rollout in
            #expect(rollout.running.count >= trial.edges)
            #expect(rollout.running.count <= trial.edges + 1)
            #expect(rollout.pending.isEmpty)
        }
        #expect(rollout.isDone)
        // Where both revisions count together, two new pods may share an edge beside old ones that then leave another empty.
        if trial.isByRevision { #expect(rollout.perEdge == Array(repeating: 1, count: trial.edges)) }
    }

    @Test("finishes also where an edge is withdrawn half-way, without it", arguments: [3, 4], [1, 2, 3] as [UInt64])
    func withdrawn(edges: Int, seed: UInt64) throws {
        var rollout = try SimulatedRollout(
            edges: edges, strategy: #"{"maxSurge":1,"maxUnavailable":0}"#, isByRevision: true, seed: seed)
        var steps = 0
        try rollout.run { rollout in
            steps += 1
            if steps == 3 { rollout.withdraw("e0") }
            #expect(rollout.pending.isEmpty)
        }
        #expect(rollout.isDone)
        #expect(rollout.perEdge.reduce(0, +) == edges && rollout.perEdge[0] == 0)
        #expect(rollout.skew <= 1)
    }
}

/// A Deployment's rollout with the pods of its two ReplicaSets, all of them ready as soon as they have a node.
private struct SimulatedRollout {
    private let spec: RolloutSpec
    private let isByRevision: Bool
    private var scheduler: SpreadScheduler
    private var nodes: [String: KubernetesObject] = [:]
    private var pods: [KubernetesObject] = []
    private var sizes: [String: Int]
    private var born = 0

    init(edges: Int, strategy: String, isByRevision: Bool, seed: UInt64) throws {
        self.isByRevision = isByRevision
        let json: JSON = ["type": "RollingUpdate", "rollingUpdate": try JSON(parsing: strategy)]
        spec = RolloutSpec(replicas: edges, strategy: RolloutSpec.strategy(json, replicas: edges))
        scheduler = SpreadScheduler(seed: seed)
        sizes = ["old": edges]
        for place in 0..<edges { set("e\(place)", .ready) }
        try settle()
    }

    private mutating func set(_ name: String, _ state: EdgeState) {
        let node = KubernetesObject(
            .nodes, name: name,
            [
                "metadata": [
                    "labels": ["kubernetes.io/hostname": .string(name)],
                    "annotations": [EdgeState.annotation: .string(state.rawValue)],
                ],
                // Room for one pod more than it needs.
                "status": ["allocatable": ["cpu": "1", "memory": "1Gi", "pods": "2"]],
            ])
        nodes[name] = node
        scheduler.snapshot.setNode(SchedulingNode(node, state: state))
        // Room for what the edges that stay have to take over.
        guard !state.isSpreadDomain else { return }
        for other in nodes.keys where other != name {
            nodes[other]?.json["status", "allocatable", "pods"] = "4"
            if let node = nodes[other] { scheduler.snapshot.setNode(SchedulingNode(node)) }
        }
    }

    /// The edge goes: its pods end, and their ReplicaSets see that.
    mutating func withdraw(_ name: String) {
        set(name, .draining)
        for pod in pods where pod.spec["nodeName"]?.string == name { remove(pod) }
    }

    // MARK: - What there is

    var running: [KubernetesObject] { pods.filter { $0.spec["nodeName"] != nil } }
    var pending: [KubernetesObject] { pods.filter { $0.spec["nodeName"] == nil } }
    var isDone: Bool { sizes["old"] == 0 && pods.allSatisfy { $0.label("set") == "new" } && pending.isEmpty }
    var perEdge: [Int] {
        nodes.keys.sorted().map { name in running.count { $0.spec["nodeName"]?.string == name } }
    }
    var skew: Int {
        let domains = nodes.values.filter { EdgeState(shownBy: $0).isSpreadDomain }
        let counts = domains.map { node in running.count { $0.spec["nodeName"]?.string == node.name } }
        return (counts.max() ?? 0) - (counts.min() ?? 0)
    }

    private func replicaSet(_ name: String) -> RolloutReplicaSet? {
        guard let size = sizes[name] else { return nil }
        let ready = running.count { $0.label("set") == name }
        return RolloutReplicaSet(
            name: name, created: name == "old" ? 0 : 1, wanted: size, replicas: pods.count { $0.label("set") == name },
            ready: ready, available: ready, desiredOfDeployment: spec.replicas,
            maximumOfDeployment: spec.replicas + spec.maxSurge)
    }

    // MARK: - Steps

    /// Rolls out until nothing more happens; `check` is called after every step.
    mutating func run(_ check: (inout SimulatedRollout) -> Void) throws {
        for _ in 0..<100 {
            guard !isDone else { return }
            let plan = RolloutPlan.next(
                spec, newest: replicaSet("new"), old: replicaSet("old").map { [$0] } ?? [], hasOldPods: false,
                isComplete: false)
            for action in plan.actions {
                switch action {
                case .create(let replicas): sizes["new"] = replicas
                case .scale(let name, let size): sizes[name] = size
                case .note, .delete: break
                }
            }
            try settle()
            check(&self)
            try settle()
        }
    }

    /// The ReplicaSets and the scheduler do what they have to.
    private mutating func settle() throws {
        for (name, size) in sizes.sorted(by: { $0.key < $1.key }) {
            let own = pods.filter { $0.label("set") == name }
            if own.count < size { for _ in own.count..<size { create(name) } }
            if own.count > size {
                let surplus = PodPlacement.surplus(of: own, among: pods, node: { nodes[$0] }, count: own.count - size)
                for pod in surplus { remove(pod) }
            }
        }
        for place in pods.indices where pods[place].spec["nodeName"] == nil {
            let decision = scheduler.decide(try PendingPod(pods[place]))
            guard let node = decision.node else { continue }
            pods[place].json["spec", "nodeName"] = .string(node)
            scheduler.snapshot.setPod(PlacedPod(pods[place]))
        }
    }

    private mutating func create(_ set: String) {
        born += 1
        pods.append(
            KubernetesObject(
                .pods, name: "\(set)-\(born)", namespace: "d",
                [
                    "metadata": [
                        "uid": .string("\(born)"), "labels": ["app": "a", "set": .string(set)],
                    ],
                    "spec": [
                        "containers": [["name": "c"]],
                        "topologySpreadConstraints": [
                            [
                                "maxSkew": 1, "topologyKey": "kubernetes.io/hostname",
                                "whenUnsatisfiable": "DoNotSchedule", "labelSelector": ["matchLabels": ["app": "a"]],
                                "matchLabelKeys": isByRevision ? ["set"] : [],
                            ]
                        ],
                    ],
                ]))
    }

    private mutating func remove(_ pod: KubernetesObject) {
        pods.removeAll { $0.uid == pod.uid }
        scheduler.snapshot.removePod(pod.key)
    }
}
