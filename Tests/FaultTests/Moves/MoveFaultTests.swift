import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import TestKit
import Testing

@testable import Hub

/// Pods that move to edges that come and return (`causeway.io/rebalance`), while things break.
@Suite(
    "Rebalancing under faults, with the real hub and agents over a simulated network", .timeLimit(.minutes(10)))
struct MoveFaultTests {
    /// Six pods on two edges of three; the third one is about to come.
    private struct Scene {
        let world: World
        let before: [String: String]

        static let wanted = 6
        /// The sum over edges of what each has beyond its share.
        static let fewestMoves = 2

        static func begin(_ side: DiallingSide = .hub, seed: UInt64 = 41) async throws -> Scene {
            let edges = ["rome", "milan", "paris"]
            let world = try await World(seed: seed, edges: edges, joining: side == .edge ? Set(edges) : [])
            try await world.startHub()
            for name in edges { try await world.startAgent(name) }
            try await world.user.offload(
                "even", ["causeway.io/rebalance": "5s", "causeway.io/grace-period": "20s"], in: world)
            for name in edges.prefix(2) { try await world.user.peer(name, in: world) }
            world.origin.want(
                Origin.Workload(name: "web", namespace: "even", count: wanted, isJob: false, isReplicated: true))
            #expect(try await world.judge() == [])
            let scene = Scene(world: world, before: try await placements(world))
            #expect(scene.before.count == wanted)
            #expect(Set(Dictionary(grouping: scene.before) { $0.value }.mapValues(\.count).values) == [3])
            try await world.user.peer("paris", in: world)
            return scene
        }

        /// The origin's pods by uid, and the nodes where they are.
        static func placements(_ world: World) async throws -> [String: String] {
            guard let workload = world.origin.workloads["web"] else { return [:] }
            let pods = try await world.origin.pods(of: workload).filter { !$0.isFinishedPod && !$0.isBeingDeleted }
            return Dictionary(uniqueKeysWithValues: pods.map { ($0.uid, $0.spec["nodeName"]?.string ?? "") })
        }

        /// How many pods each edge has.
        func counts() async throws -> [Int] {
            let placements = try await Self.placements(world)
            return world.names.map { name in placements.values.count { $0 == Names.virtualNode(name) } }
        }

        /// Lets time pass until all edges have their share. A move that was taken back comes again after ten minutes.
        func finish(_ what: String = "") async throws {
            let starts = world.ledger.starts
            func isDone() async throws -> Bool {
                check(what)
                return try await counts() == [2, 2, 2]
            }
            var isFinished = try await world.run(atMost: .seconds(90)) { try await isDone() }
            if !isFinished {
                #expect(world.hubEvents["RebalanceAbandoned"] > 0, "\(what): nothing holds it up")
                world.slowness = 10
                isFinished = try await world.run(atMost: .seconds(1500)) { try await isDone() }
                world.slowness = 1
            }
            let shares = try await counts()
            #expect(isFinished, "\(what): \(shares)")
            #expect(try await world.judge() == [], "\(what)")
            #expect(try await counts() == [2, 2, 2], "\(what)")
            #expect(try await survivors() == Self.wanted - Self.fewestMoves, "\(what): no more moves than planned (I5)")
            let most = starts + Self.fewestMoves + world.hubEvents["RebalanceAbandoned"]
            #expect(world.ledger.starts <= most, "\(what): no pod was started but for a move")
        }

        func check(_ what: String) {
            let running = world.ledger.running
            #expect(running.count <= Self.wanted + 1, "\(what): one more at most, for the move (I1)")
        }

        /// What was there and was not moved.
        func survivors() async throws -> Int { try await Self.placements(world).keys.count { before[$0] != nil } }

        /// Of those that serve, how many the origin knows as ready.
        func ready() async throws -> Int {
            guard let workload = world.origin.workloads["web"] else { return 0 }
            return try await world.origin.pods(of: workload).count {
                !$0.isBeingDeleted && Conditions.isTrue("Ready", in: $0.status["conditions"])
            }
        }
    }

    /// Breaks the rebalancing at a sample of its steps: each time a run of its own.
    ///
    /// - Parameters:
    ///   - count: the steps of one kind that the unbroken one takes.
    ///   - few: how many of them are broken; with `CAUSEWAY_FAULT_STEPS=all` each.
    private func each(
        _ side: DiallingSide, of few: Int, _ count: (World) throws -> Int, _ breaking: (World, Int) throws -> Void
    ) async throws {
        let whole = try await Scene.begin(side)
        let first = try count(whole.world)
        try await whole.finish("unbroken")
        let steps = try count(whole.world) - first
        #expect(steps >= few)
        for step in EveryStepTests.sample(steps, of: few) {
            let scene = try await Scene.begin(side)
            #expect(try count(scene.world) == first, "the same seed runs the same way")
            try breaking(scene.world, first + step)
            try await scene.finish("step \(step) of \(steps)")
        }
    }

    @Test(
        "I5: an edge that comes gets its share by the fewest moves, one at a time, and nothing moves after that",
        arguments: DiallingSide.allCases)
    func fewest(_ side: DiallingSide) async throws {
        let scene = try await Scene.begin(side)
        let world = scene.world
        let isShared = try await world.run(atMost: .seconds(60)) {
            #expect(try await scene.ready() >= Scene.wanted, "never fewer ready pods than wanted")
            return try await scene.counts() == [2, 2, 2]
        }
        #expect(isShared)
        try await world.run(for: .seconds(60))
        try await scene.finish()
        #expect(world.hubEvents["RebalancePlanned"] == 1 && world.hubEvents["RebalanceAbandoned"] == 0)
    }

    @Test(
        "F8: connections that are cut at any message of a move cost no pod, and no move more",
        arguments: DiallingSide.allCases)
    func cuts(_ side: DiallingSide) async throws {
        try await each(side, of: 6, { $0.messages.count }, { $0.messages.cut(at: [$1]) })
    }

    @Test(
        "F6: a hub that is killed before or after any write of a move goes on with it",
        arguments: PersistedSteps.Moment.allCases)
    func hub(_ moment: PersistedSteps.Moment) async throws {
        try await each(.hub, of: 7, { $0.hubSteps.count }, { $0.hubSteps.kill(at: $1, moment) })
    }

    @Test("F4: an agent that is killed at any write of a move leaves it whole or undone", arguments: ["rome", "paris"])
    func agent(_ name: String) async throws {
        try await each(.hub, of: 2, { try $0.site(name).steps.count }, { try $0.site(name).steps.kill(at: $1, .after) })
    }

    @Test(
        "F16: an edge that comes and goes while pods move to it or from it costs no pod, and no move more",
        arguments: ["rome", "paris"], UInt64(1)...2)
    func flapping(_ edge: String, _ seed: UInt64) async throws {
        let scene = try await Scene.begin(seed: 50 + seed)
        let world = scene.world
        for _ in 0..<6 {
            try await world.run(for: .milliseconds(1000 + world.chance.below(9000)))
            try world.block(edge)
            try await world.run(for: .milliseconds(500 + world.chance.below(8000)))
            scene.check("flapping")
            try world.mend(edge)
        }
        try await scene.finish("\(edge) flaps")
    }

    @Test(
        "I5: an edge that is lost while pods move has its pods replaced, and gets its share again when it is back",
        arguments: ["rome", "paris"], UInt64(1)...2)
    func lost(_ edge: String, _ seed: UInt64) async throws {
        let scene = try await Scene.begin(seed: 60 + seed)
        let world = scene.world
        try await world.run(for: .milliseconds(5000 + world.chance.below(7000)))
        try world.block(edge)
        try await world.run(for: .seconds(60))
        #expect(try await scene.counts()[world.names.firstIndex(of: edge) ?? 0] == 0)
        #expect(try await Scene.placements(world).count == Scene.wanted)
        try world.mend(edge)
        let kept = try await Scene.placements(world)
        world.slowness = 10
        let isShared = try await world.run(atMost: .seconds(2000)) { try await scene.counts() == [2, 2, 2] }
        world.slowness = 1
        let shares = try await scene.counts()
        #expect(isShared, "\(shares)")
        #expect(try await world.judge() == [])
        let now = try await Scene.placements(world)
        #expect(kept.keys.count { now[$0] != nil } == Scene.wanted - Scene.fewestMoves, "two moves give it its share")
    }
}
