import JSONTree
import KubernetesModel
import OffloadingModel
import Scheduling
import Testing

@testable import Hub

@Suite("Pods of edges that cannot be reached") struct EdgeLossTests {
    @Test("are replaced after the namespace's grace, never, or not while the hub may be cut off itself (F17)")
    func verdicts() {
        let policy = DisconnectPolicy.reschedule(after: .seconds(10))
        #expect(EdgeLoss.verdict(policy, away: .seconds(4), isStorm: false) == .wait(.seconds(6)))
        #expect(EdgeLoss.verdict(policy, away: .seconds(4), isStorm: true) == .wait(.seconds(6)))
        #expect(EdgeLoss.verdict(policy, away: .seconds(10), isStorm: false) == .replace)
        #expect(EdgeLoss.verdict(policy, away: .seconds(10), isStorm: true) == .held)
        #expect(EdgeLoss.verdict(.keep, away: .seconds(9999), isStorm: false) == .keep)
    }

    struct Storm: Sendable {
        let edges: Int
        /// Seconds at which edges fell silent.
        let silences: [Int]
        let isUp: Bool
    }

    @Test(
        "the storm guard is up while more than half of three edges or more fell silent together (F17)",
        arguments: [
            Storm(edges: 5, silences: [], isUp: false),
            Storm(edges: 5, silences: [0, 1], isUp: false),
            Storm(edges: 5, silences: [0, 1, 2], isUp: true),
            Storm(edges: 5, silences: [0, 0, 0, 0, 0], isUp: true),
            // One after the other, as edges fail that have nothing to do with each other.
            Storm(edges: 5, silences: [0, 60, 120], isUp: false),
            Storm(edges: 5, silences: [0, 100, 101, 105], isUp: true),
            Storm(edges: 4, silences: [0, 1], isUp: false),
            Storm(edges: 3, silences: [0, 10], isUp: true),
            Storm(edges: 3, silences: [0, 11], isUp: false),
            Storm(edges: 2, silences: [0, 0], isUp: false),
        ])
    func storm(trial: Storm) {
        let start = ContinuousClock.now
        let silences = trial.silences.map { start + .seconds($0) }
        #expect(StormGuard().isUp(edges: trial.edges, silences: silences.reversed()) == trial.isUp)
    }

    @Test(
        "over random losses, returns, withdrawals and sizes, the lost are replaced and no other moves (F1, I1, I2)",
        arguments: 1...60)
    func property(seed: Int) throws {
        var fleet = try SimulatedFleet(seed: UInt64(seed))
        for _ in 0..<60 {
            let before = fleet.pods
            let event = fleet.happen()
            let expected = fleet.expectedToGo
            try fleet.react()
            let gone = Set(before.keys).subtracting(fleet.pods.keys)
            // I5: exactly the pods of lost and withdrawn edges go, and on a scale-down as many as are too many.
            #expect(expected.isSubset(of: gone), "\(event)")
            #expect(gone.count == expected.count + fleet.scaledDown, "\(event)")
            for (name, node) in before where fleet.pods[name] != nil && !node.isEmpty {
                #expect(fleet.pods[name] == node, "\(event): a survivor moved")
            }
            // I1: never more than wanted, but for copies on edges nobody can reach.
            #expect(fleet.reachable.count <= fleet.wanted, "\(event)")
            // I2: where some edge takes pods and nobody waits for anything, all that is wanted is there.
            if fleet.isQuiet { #expect(fleet.pods.count == fleet.wanted && fleet.pending.isEmpty, "\(event)") }
            // F17: a storm costs no pod.
            if fleet.isStorm { #expect(fleet.givenUp.isEmpty, "\(event)") }
        }
    }
}

/// Edges and the pods of one workload on them, with the rules that decide in the hub and nothing else.
private struct SimulatedFleet {
    private struct Member {
        var state: EdgeState = .ready
        var silentSince: ContinuousClock.Instant?
    }

    private var numbers: FleetNumbers
    private var scheduler: SpreadScheduler
    private var edges: [String: Member] = [:]
    private let policy: DisconnectPolicy
    private let isSpread: Bool
    private var now = ContinuousClock.now
    private var born = 0
    private(set) var wanted: Int
    /// The node of each pod; empty while it has none.
    private(set) var pods: [String: String] = [:]
    private(set) var scaledDown = 0
    private(set) var givenUp: [String] = []

    private static let deadAfter = Duration.seconds(4)

    init(seed: UInt64) throws {
        numbers = FleetNumbers(state: seed)
        scheduler = SpreadScheduler(seed: seed)
        wanted = 1 + numbers.below(9)
        isSpread = seed % 3 != 0
        policy = seed % 7 == 0 ? .keep : .reschedule(after: .seconds(numbers.below(30)))
        for place in 0..<(2 + numbers.below(5)) { edges["e\(place)"] = Member() }
        for name in edges.keys.sorted() { show(name) }
        try react()
    }

    // MARK: - What there is

    var pending: [String] { pods.filter { $0.value.isEmpty }.map(\.key) }
    var reachable: [String] { pods.filter { edges[$0.value]?.silentSince == nil }.map(\.key) }
    /// Whether no edge is on its way from one state to another, and some edge takes pods.
    var isQuiet: Bool {
        edges.values.contains { $0.state == .ready }
            && edges.values.allSatisfy { $0.state == .ready || $0.state == .left }
    }
    var isStorm: Bool {
        let known = edges.values.filter { $0.state != .left }
        return StormGuard().isUp(edges: known.count, silences: known.compactMap(\.silentSince))
    }

    /// The pods that must go now, by the words of DESIGN: those of edges that are withdrawn, or lost for the grace.
    var expectedToGo: Set<String> {
        Set(
            pods.filter { _, node in
                guard let edge = edges[node] else { return false }
                if edge.state == .draining { return true }
                guard let since = edge.silentSince, case .reschedule(let grace) = policy, !isStorm else { return false }
                return now - since >= Self.deadAfter + grace
            }.map(\.key))
    }

    // MARK: - What happens

    mutating func happen() -> String {
        let name = edges.keys.sorted()[numbers.below(edges.count)]
        let event = numbers.below(7)
        let seconds = 1 + numbers.below(40)
        switch event {
        case 0, 1:
            now += .milliseconds(1)
            if edges[name]?.state == .ready {
                edges[name]?.silentSince = now
                edges[name]?.state = .suspect
            }
        case 2:
            if edges[name]?.silentSince != nil { edges[name] = Member() }
        case 3: if edges[name]?.state == .ready { edges[name]?.state = .draining }
        case 4: if edges[name]?.state == .left { edges[name] = Member() }
        case 5: wanted = 1 + numbers.below(9)
        default: now += .seconds(seconds)
        }
        for (name, edge) in edges {
            guard let since = edge.silentSince, now - since >= Self.deadAfter, edge.state == .suspect else { continue }
            edges[name]?.state = .disconnected
        }
        for name in edges.keys.sorted() { show(name) }
        return "event \(event) at \(name), \(wanted) wanted"
    }

    private mutating func show(_ name: String) {
        guard let edge = edges[name] else { return }
        scheduler.snapshot.setNode(
            SchedulingNode(
                name: name, labels: ["kubernetes.io/hostname": name], allocatable: ResourceCounts(),
                allocatablePods: 110, state: edge.state))
    }

    /// The hub, the ReplicaSet and the scheduler do what they have to.
    mutating func react() throws {
        let isStorm = isStorm
        givenUp = []
        for (pod, node) in pods.sorted(by: { $0.key < $1.key }) {
            guard let edge = edges[node] else { continue }
            if edge.state == .draining { remove(pod) }
            guard edge.state == .disconnected, let since = edge.silentSince else { continue }
            if EdgeLoss.verdict(policy, away: now - since - Self.deadAfter, isStorm: isStorm) == .replace {
                givenUp.append(pod)
                remove(pod)
            }
        }
        for (name, edge) in edges where edge.state == .draining { edges[name]?.state = .left }
        for name in edges.keys.sorted() { show(name) }
        scaledDown = max(0, pods.count - wanted)
        if scaledDown > 0 {
            let all = pods.keys.sorted().map(object)
            for pod in PodPlacement.surplus(of: all, node: node, count: scaledDown) { remove(pod.name) }
        }
        while pods.count < wanted {
            born += 1
            pods["p\(born)"] = ""
        }
        for pod in pending.sorted() {
            guard let node = scheduler.decide(try PendingPod(object(pod))).node else { continue }
            pods[pod] = node
            scheduler.snapshot.setPod(PlacedPod(object(pod)))
        }
    }

    private mutating func remove(_ pod: String) {
        pods[pod] = nil
        scheduler.snapshot.removePod(ObjectKey(namespace: "d", name: pod))
    }

    private func node(_ name: String) -> KubernetesObject? {
        edges[name].map { edge in
            KubernetesObject(
                .nodes, name: name,
                [
                    "metadata": [
                        "labels": ["kubernetes.io/hostname": .string(name)],
                        "annotations": [EdgeState.annotation: .string(edge.state.rawValue)],
                    ]
                ])
        }
    }

    private func object(_ name: String) -> KubernetesObject {
        var spec: JSON = ["containers": [["name": "c"]]]
        if let node = pods[name], !node.isEmpty { spec["nodeName"] = .string(node) }
        if isSpread {
            spec["topologySpreadConstraints"] = [
                [
                    "maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "DoNotSchedule",
                    "labelSelector": ["matchLabels": ["app": "a"]],
                ]
            ]
        }
        return KubernetesObject(
            .pods, name: name, namespace: "d",
            ["metadata": ["uid": .string(name), "labels": ["app": "a"]], "spec": spec])
    }
}

/// Numbers that are the same in every run (a linear congruential generator).
private struct FleetNumbers {
    var state: UInt64

    mutating func below(_ limit: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(max(1, limit)))
    }
}
