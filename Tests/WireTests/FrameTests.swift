import Testing
import Wire

struct FrameTests {
    static let frames = [
        Frame(.message, Array(#"{"type":"ping","id":1}"#.utf8)), Frame(.deflatedMessage, []),
        .stream(7, [1, 2, 3]), Frame(.message, [UInt8](repeating: 65, count: 300)), .stream(1, []),
    ]

    @Test("a frame is its length, its kind and its payload")
    func layout() throws {
        #expect(try Frame(.message, [9, 8]).encoded() == [0, 0, 0, 3, 0, 9, 8])
        #expect(try Frame.stream(258, [9]).encoded() == [0, 0, 0, 6, 2, 0, 0, 1, 2, 9])
        let (id, bytes) = try Frame.stream(258, [9]).streamContent()
        #expect(id == 258 && bytes == [9])
    }

    @Test("frames come out the same wherever the bytes are split")
    func everySplit() throws {
        let bytes = try Self.frames.flatMap { try $0.encoded() }
        for split in 0...bytes.count {
            var decoder = FrameDecoder()
            var frames: [Frame] = []
            try decoder.decode(bytes[..<split], into: &frames)
            try decoder.decode(bytes[split...], into: &frames)
            #expect(frames == Self.frames)
            #expect(!decoder.isWithinFrame)
        }
    }

    @Test("frames come out the same byte by byte, and from a sequence without storage")
    func singleBytes() throws {
        let bytes = try Self.frames.flatMap { try $0.encoded() }
        var decoder = FrameDecoder()
        var frames: [Frame] = []
        for byte in bytes { try decoder.decode(CollectionOfOne(byte), into: &frames) }
        #expect(frames == Self.frames)
        frames = []
        try decoder.decode(bytes.lazy.map { $0 }, into: &frames)
        #expect(frames == Self.frames)
    }

    @Test(
        "what is no frame is refused as soon as it can be known, at any split",
        arguments: [
            ([0, 0, 0, 0], FrameError.Code.malformed), ([255, 255, 255, 255], .tooLong), ([0, 0, 4, 1], .tooLong),
            ([0, 0, 0, 1, 3], .unknownKind), ([0, 0, 0, 9, 255], .unknownKind),
        ] as [([UInt8], FrameError.Code)])
    func refused(bytes: [UInt8], code: FrameError.Code) throws {
        let good = try Self.frames[0].encoded()
        for split in 0...(good.count + bytes.count) {
            var decoder = FrameDecoder(limits: FrameLimits(frameLength: 1024))
            var frames: [Frame] = []
            let all = good + bytes
            let error = #expect(throws: FrameError.self) {
                try decoder.decode(all[..<split], into: &frames)
                try decoder.decode(all[split...], into: &frames)
            }
            #expect(error?.code == code)
            #expect(frames == [Self.frames[0]])
            #expect(throws: FrameError.self) { try decoder.decode(good, into: &frames) }
            #expect(frames.count == 1)
        }
    }

    @Test("a frame at the limit passes, on both sides, and one beyond it does not (F13)")
    func limit() throws {
        let limits = FrameLimits(frameLength: 10)
        let atLimit = Frame(.message, [UInt8](repeating: 1, count: 9))
        var decoder = FrameDecoder(limits: limits)
        var frames: [Frame] = []
        try decoder.decode(try atLimit.encoded(limits: limits), into: &frames)
        #expect(frames == [atLimit])
        let beyond = Frame(.message, [UInt8](repeating: 1, count: 10))
        #expect(throws: FrameError.self) { try beyond.encoded(limits: limits) }
        decoder.limits.frameLength = 11
        try decoder.decode(try beyond.encoded(), into: &frames)
        #expect(frames.count == 2)
    }

    @Test("stream data too short for an id is refused")
    func shortStreamData() {
        #expect(throws: FrameError.self) { try Frame(.streamData, [1, 2, 3]).streamContent() }
    }

    @Test("random bytes never crash the decoder (F14)")
    func randomBytes() {
        var generator = SplitMix(seed: 1)
        for _ in 0..<500 {
            var decoder = FrameDecoder(limits: FrameLimits(frameLength: 64))
            var frames: [Frame] = []
            let bytes = (0..<200).map { _ in UInt8.random(in: 0...3, using: &generator) }
            try? decoder.decode(bytes, into: &frames)
            for frame in frames { _ = try? Message(parsing: frame.payload) }
        }
    }
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
