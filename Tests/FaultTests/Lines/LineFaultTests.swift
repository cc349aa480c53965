import Scheduling
import Sessions
import Testing
import Wire

/// Lines that lose segments, are narrow, or slow, or all of it (F3).
@Suite(
    "Lines that lose and narrow lines, with the real hub and agents over a simulated network", .timeLimit(.minutes(10)))
struct LineFaultTests {
    /// What may wait at an end: what the windows of all streams let out, and what else a session says meanwhile: changes of
    /// some pods, answers, pings.
    private static let mostWaiting = World.limits.streams * World.limits.streamWindow + (16 << 10)

    private func begin(_ seed: UInt64, _ line: Line) async throws -> Scenario {
        let scenario = try await Scenario.begin(seed: seed)
        try await scenario.settle(grace: "10s")
        for name in scenario.world.names { try scenario.world.site(name).line = line }
        scenario.world.visits.hurry(false)
        return scenario
    }

    /// Lives on for a minute: pods come and go, people visit, and no edge is taken for gone.
    ///
    /// - Parameter holds: whether connections last.
    private func live(_ scenario: Scenario, visiting bytes: Int, holds: Bool = true) async throws {
        let world = scenario.world
        let before = try await scenario.placements()
        for second in 0..<60 {
            if second % 20 == 5 { for name in world.names { world.visitAll(name, bytes: bytes) } }
            if second % 10 == 0 {
                let count = second % 20 == 0 ? 3 : 1
                world.origin.want(Origin.Workload(name: "more", namespace: "shop", count: count, isJob: false))
            }
            for _ in 0..<5 {
                try await world.run(for: .milliseconds(200))
                for name in world.names {
                    let state = scenario.state(name)
                    #expect(state == .ready || state == .suspect || !holds, "\(name) at \(world.clock.now)")
                    #expect(try world.site(name).mostWaiting < Self.mostWaiting)
                }
            }
        }
        #expect(try await scenario.placements() == before, "no false failover")
    }

    @Test(
        "F3: a line that loses every tenth segment costs no pod and no visit, and queues stay short",
        arguments: UInt64(1)...2)
    func loss(_ seed: UInt64) async throws {
        let scenario = try await begin(seed, Line(delay: .milliseconds(50), loss: 0.1))
        try await live(scenario, visiting: 10_000)
        #expect(scenario.world.visits.all.allSatisfy { !$0.isCut })
        #expect(try await scenario.world.judge() == [])
    }

    @Test(
        "F3: a line of 64 kbit/s that visitors fill costs no pod and no visit, and the queues have their bounds",
        arguments: UInt64(1)...2)
    func narrow(_ seed: UInt64) async throws {
        let scenario = try await begin(seed, Line(delay: .milliseconds(50), bytesPerSecond: 8000))
        let world = scenario.world
        try await live(scenario, visiting: 30_000)
        #expect(world.visits.all.allSatisfy { !$0.isCut })
        for name in world.names { #expect(try world.site(name).mostWaiting > 8 << 10, "the line was the bottleneck") }
        #expect(try await world.judge() == [])
    }

    @Test("F3: a line that is slow, narrow and loses costs no pod", arguments: UInt64(1)...2)
    func all(_ seed: UInt64) async throws {
        let scenario = try await begin(seed, Line(delay: .seconds(1), loss: 0.1, bytesPerSecond: 8000))
        let world = scenario.world
        // A segment that is lost twice in a row holds everything up for six seconds: that may cost a connection.
        try await live(scenario, visiting: 2_000, holds: false)
        #expect(try await world.judge() == [])
    }
}
