import Glibc
import Testing

/// `CAUSEWAY_FAULT_SEED` runs one seed only, `CAUSEWAY_FAULT_RUNS` so many from that one or from the first on.
@Suite("Faults by a seed, with the real hub and agents over a simulated network", .timeLimit(.minutes(10)))
struct RandomFaultTests {
    private static func number(_ name: String) -> Int? { getenv(name).flatMap { Int(String(cString: $0)) } }

    private static var seeds: [UInt64] {
        let first = number("CAUSEWAY_FAULT_SEED")
        let count = number("CAUSEWAY_FAULT_RUNS") ?? (first == nil ? 20 : 1)
        return (0..<max(count, 1)).map { UInt64($0 + (first ?? 1)) }
    }

    @Test("whatever breaks, each wanted pod runs once in the end, and no other (I1, I2, I3, I6)", arguments: seeds)
    func anything(_ seed: UInt64) async throws {
        let run = try await RandomRun(seed: seed)
        if Self.number("CAUSEWAY_FAULT_LOG") != nil { run.world.log = { print($0) } }
        let problems = try await run.run()
        if !problems.isEmpty {
            print("seed \(seed): CAUSEWAY_FAULT_SEED=\(seed) CAUSEWAY_FAULT_LOG=1 shows each step")
        }
        #expect(problems == [], "seed \(seed): \(run.story.joined(separator: "; "))")
    }

    @Test("the same seed runs the same way")
    func repeatable() async throws {
        let first = try await RandomRun(seed: 7)
        let second = try await RandomRun(seed: 7)
        let other = try await RandomRun(seed: 8)
        for run in [first, second, other] { _ = try await run.run() }
        #expect(first.world.trace == second.world.trace)
        #expect(first.world.actions == second.world.actions)
        #expect(first.world.trace != other.world.trace)
        print("seed 7 makes trace \(first.world.trace) in \(first.world.actions) actions")
    }
}
