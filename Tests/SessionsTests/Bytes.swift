/// A stand-in for SHA-256 in tests of pure code: different inputs, different 32 bytes.
func fakeHash(_ bytes: [UInt8]) -> [UInt8] {
    var state: UInt64 = 14_695_981_039_346_656_037
    var result: [UInt8] = []
    for round in UInt8(0)..<4 {
        for byte in bytes + [round] { state = (state ^ UInt64(byte)) &* 1_099_511_628_211 }
        result += (0..<8).map { UInt8(truncatingIfNeeded: state >> ($0 * 8)) }
    }
    return result
}

/// A small generator with a seed (Steele, Lea and Flood's SplitMix64).
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
