import Synchronization

/// All that is left to chance in a run, from one seed: SplitMix64.
final class Chance: Sendable {
    private let state: Mutex<UInt64>

    init(seed: UInt64) { state = Mutex(seed) }

    func next() -> UInt64 {
        state.withLock { state in
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
            return word ^ (word >> 31)
        }
    }

    /// From 0 up to `bound`, which is at least 1.
    func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    /// From 0 up to 1.
    func fraction() -> Double { Double(next() >> 11) / Double(1 << 53) }

    func happens(_ probability: Double) -> Bool { fraction() < probability }

    func pick<Element>(_ elements: [Element]) -> Element? {
        elements.isEmpty ? nil : elements[below(elements.count)]
    }
}
