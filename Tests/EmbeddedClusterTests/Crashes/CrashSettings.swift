import FoundationEssentials
import TestKit

/// How long and with which choices the crash tests run; both can be set, to search for hours or to repeat a run.
enum CrashSettings {
    private static func number(_ name: String) -> Int? { ProcessInfo.processInfo.environment[name].flatMap { Int($0) } }

    /// `CAUSEWAY_TEST_CRASH_SECONDS`, 15 unless told.
    static let duration = Duration.seconds(number("CAUSEWAY_TEST_CRASH_SECONDS") ?? 15)
    /// `CAUSEWAY_TEST_SEED`, another one in each run unless told; printed by the test.
    static let seed = UInt64(number("CAUSEWAY_TEST_SEED") ?? Int.random(in: 0..<Int.max))
}

/// Repeatable choices (SplitMix64): the same seed makes the same ones.
struct SeededChoices: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
