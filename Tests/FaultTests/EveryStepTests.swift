import Glibc
import Testing

/// One life of a peering (``Scenario``), broken at each of its messages and at each step that outlives a program.
@Suite("A peering that breaks at each step of each exchange", .timeLimit(.minutes(10)))
struct EveryStepTests {
    /// Which of so many steps are broken: an even sample, or with `CAUSEWAY_FAULT_STEPS=all` each of them.
    static func sample(_ count: Int, of few: Int) -> [Int] {
        let isWhole = getenv("CAUSEWAY_FAULT_STEPS").map { String(cString: $0) } == "all"
        return Array(stride(from: 1, through: count, by: isWhole ? 1 : max(1, count / few)))
    }

    /// How long the unbroken life is.
    private static func measure(_ side: DiallingSide) async throws -> (messages: Int, hub: Int, agents: [String: Int]) {
        let scenario = try await Scenario.begin(seed: 1, dialling: side)
        try await scenario.live()
        let world = scenario.world
        var agents: [String: Int] = [:]
        for name in world.names { agents[name] = try world.site(name).steps.count }
        let counts = (world.messages.count, world.hubSteps.count, agents)
        #expect(try await world.judge() == [])
        return counts
    }

    @Test(
        "F8: a connection that is cut at any message of any exchange loses and doubles nothing",
        arguments: DiallingSide.allCases)
    func cuts(_ side: DiallingSide) async throws {
        let count = try await Self.measure(side).messages
        #expect(count > 40)
        for message in Self.sample(count, of: 15) {
            let scenario = try await Scenario.begin(seed: 1, dialling: side)
            scenario.world.messages.cut(at: [message])
            try await scenario.live()
            #expect(try await scenario.world.judge() == [], "cut at message \(message)")
        }
    }

    @Test(
        "F6: a hub that is killed before or after any write goes on where things stand",
        arguments: PersistedSteps.Moment.allCases, DiallingSide.allCases)
    func hub(_ moment: PersistedSteps.Moment, _ side: DiallingSide) async throws {
        let count = try await Self.measure(side).hub
        #expect(count > 20)
        for step in Self.sample(count, of: 8) {
            let scenario = try await Scenario.begin(seed: 1, dialling: side)
            scenario.world.hubSteps.kill(at: step, moment)
            try await scenario.live()
            #expect(try await scenario.world.judge() == [], "killed \(moment) step \(step)")
        }
    }

    @Test(
        "F4: an agent that is killed before or after any write loses, doubles and restarts nothing",
        arguments: PersistedSteps.Moment.allCases, DiallingSide.allCases)
    func agents(_ moment: PersistedSteps.Moment, _ side: DiallingSide) async throws {
        for (name, count) in try await Self.measure(side).agents.sorted(by: { $0.key < $1.key }) {
            #expect(count > 5)
            for step in Self.sample(count, of: 4) {
                let scenario = try await Scenario.begin(seed: 1, dialling: side)
                try scenario.world.site(name).steps.kill(at: step, moment)
                try await scenario.live()
                #expect(try await scenario.world.judge() == [], "\(name) killed \(moment) step \(step)")
            }
        }
    }
}
