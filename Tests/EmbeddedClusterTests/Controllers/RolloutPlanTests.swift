import JSONTree
import Testing

@testable import EmbeddedCluster

@Suite("The plan of a rollout")
struct RolloutPlanTests {
    private func set(
        _ name: String, _ wanted: Int, available: Int? = nil, created: Int = 0, of desired: Int = 4, surge: Int = 1
    ) -> RolloutReplicaSet {
        RolloutReplicaSet(
            name: name, created: created, wanted: wanted, replicas: wanted, ready: available ?? wanted,
            available: available ?? wanted, desiredOfDeployment: desired, maximumOfDeployment: desired + surge)
    }

    private func next(
        _ spec: RolloutSpec, _ newest: RolloutReplicaSet?, _ old: [RolloutReplicaSet], hasOldPods: Bool = false,
        isComplete: Bool = false
    ) -> [RolloutPlan.Action] {
        RolloutPlan.next(spec, newest: newest, old: old, hasOldPods: hasOldPods, isComplete: isComplete).actions
    }

    private let rolling = RolloutSpec(replicas: 4, strategy: .rollingUpdate(maxSurge: 1, maxUnavailable: 1))

    @Test("makes the first ReplicaSet at full size, and a later one only as large as the surge allows")
    func creates() {
        #expect(next(rolling, nil, []) == [.create(replicas: 4)])
        #expect(next(rolling, nil, [set("a", 4)]) == [.create(replicas: 1)])
    }

    @Test("takes from the old what may be missing, and what does not work first")
    func shrinks() {
        #expect(next(rolling, set("b", 1, available: 0), [set("a", 4)]) == [.scale(name: "a", to: 3)])
        #expect(next(rolling, set("b", 2, available: 0), [set("a", 3)]) == [])
        #expect(next(rolling, set("b", 2), [set("a", 3)]) == [.scale(name: "a", to: 1)])
        // The broken pods of the older ReplicaSet go before the working ones of the newer.
        let sick = set("z", 2, available: 0, created: 1)
        #expect(
            next(rolling, set("b", 1, available: 0), [sick, set("a", 2, created: 0)])
                == [.scale(name: "z", to: 1)])
    }

    @Test("spreads a change of size over the ReplicaSets of a rollout under way by their sizes")
    func proportional() {
        let ten = RolloutSpec(replicas: 15, strategy: .rollingUpdate(maxSurge: 3, maxUnavailable: 2))
        let actions = next(
            ten, set("b", 5, available: 0, created: 1, of: 10, surge: 3), [set("a", 8, of: 10, surge: 3)])
        // 13 pods are to become 18: shares of 8 × 18 / 13 and 5 × 18 / 13, the rest for the largest.
        #expect(actions == [.scale(name: "a", to: 11), .scale(name: "b", to: 7)])
        let none = RolloutSpec(replicas: 0, strategy: .rollingUpdate(maxSurge: 0, maxUnavailable: 1))
        #expect(
            Set(next(none, set("b", 2, available: 0), [set("a", 3)]))
                == [.scale(name: "a", to: 0), .scale(name: "b", to: 0)])
    }

    @Test("Recreate waits for the last old pod")
    func recreate() {
        let spec = RolloutSpec(replicas: 2, strategy: .recreate)
        #expect(next(spec, nil, [set("a", 2)]) == [.scale(name: "a", to: 0)])
        var ended = set("a", 0)
        ended.replicas = 0
        #expect(next(spec, nil, [ended], hasOldPods: true) == [])
        #expect(next(spec, nil, [ended]) == [.create(replicas: 2)])
    }

    @Test("keeps as many old ReplicaSets as the history asks for, and deletes the lowest revisions")
    func history() {
        var spec = rolling
        spec.revisionHistoryLimit = 1
        var old = [set("a", 0), set("b", 0), set("c", 0)]
        for place in old.indices { old[place].revision = place + 1 }
        let newest = set("d", 4)
        #expect(next(spec, newest, old, isComplete: true) == [.delete(name: "a"), .delete(name: "b")])
        #expect(next(spec, newest, old) == [])
        old[0].isObserved = false
        #expect(next(spec, newest, old, isComplete: true) == [.delete(name: "b")])
    }

    @Test("a paused Deployment is scaled, but rolls nothing out")
    func paused() {
        var spec = rolling
        spec.isPaused = true
        #expect(next(spec, nil, [set("a", 4)]) == [])
        spec.replicas = 6
        #expect(next(spec, nil, [set("a", 4)]) == [.scale(name: "a", to: 6)])
    }

    @Test(
        "rounds shares as Kubernetes does",
        arguments: [(4, "25%", "25%", 1, 1), (3, "25%", "25%", 1, 0), (10, "33%", "33%", 4, 3), (1, "0%", "0%", 0, 1)])
    func rounding(_ replicas: Int, _ surge: String, _ missing: String, _ maxSurge: Int, _ maxUnavailable: Int) {
        let strategy = RolloutSpec.strategy(
            ["rollingUpdate": ["maxSurge": .string(surge), "maxUnavailable": .string(missing)]], replicas: replicas)
        #expect(strategy == .rollingUpdate(maxSurge: maxSurge, maxUnavailable: maxUnavailable))
    }

    /// Rolls out through a simulated cluster in which pods become available, and fail, in any order.
    @Test("no step breaks maxSurge or maxUnavailable, and every rollout ends", arguments: 0..<200)
    func keepsItsPromises(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let replicas = Int.random(in: 0...12, using: &random)
        let surge = Int.random(in: 0...4, using: &random)
        let missing = Int.random(in: (surge == 0 ? 1 : 0)...4, using: &random)
        let spec = RolloutSpec(
            replicas: replicas, strategy: .rollingUpdate(maxSurge: surge, maxUnavailable: missing))
        var sets = [set("v1", replicas, of: replicas, surge: surge)]
        var least = replicas
        for version in 2...Int.random(in: 2...4, using: &random) {
            let isLast = Bool.random(using: &random)
            for step in 0..<300 {
                let name = "v\(version)"
                let newest = sets.first { $0.name == name }
                let plan = RolloutPlan.next(
                    spec, newest: newest, old: sets.filter { $0.name != name }, hasOldPods: false, isComplete: false)
                for action in plan.actions {
                    switch action {
                    case .create(let size):
                        var new = set(name, size, available: 0, created: version, of: replicas, surge: surge)
                        new.replicas = 0
                        sets.append(new)
                    case .scale(let name, let size):
                        guard let place = sets.firstIndex(where: { $0.name == name }) else { continue }
                        sets[place].wanted = size
                        // The ReplicaSet controller takes pods that are not available first.
                        sets[place].available = min(sets[place].available, size)
                        sets[place].replicas = min(sets[place].replicas, size)
                    case .note, .delete: break
                    }
                }
                let available = sets.reduce(0) { $0 + $1.available }
                let total = sets.reduce(0) { $0 + $1.wanted }
                #expect(total <= replicas + surge, "seed \(seed), step \(step): \(total) pods wanted")
                // Every pod that was not up before may still be missing; none that was may be taken beyond the limit.
                #expect(
                    available >= min(least, replicas - min(missing, replicas)),
                    "seed \(seed), step \(step): \(available) pods available")
                if total == replicas, newest?.available == replicas { break }
                for place in sets.indices where Int.random(in: 0...2, using: &random) > 0 {
                    sets[place].replicas = sets[place].wanted
                    sets[place].available = min(sets[place].wanted, sets[place].available + 1)
                }
                least = min(replicas, sets.reduce(0) { $0 + $1.available })
                // Some rollouts are overtaken by the next template.
                if !isLast, version < 4, step > 3, Int.random(in: 0...9, using: &random) == 0 { break }
                #expect(step < 299, "seed \(seed): the rollout does not end")
            }
        }
    }
}

/// The same numbers for the same seed on every machine (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
