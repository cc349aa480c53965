import Testing

@testable import HTTPTransport

struct SPDYFrameTests {
    private static let frames: [SPDYFrame] = [
        .synStream(stream: 1, headers: ["streamtype": "error", "port": "80", "requestid": "0"], isLast: false),
        .synStream(stream: 3, headers: ["streamtype": "data", "port": "80", "requestid": "0"], isLast: true),
        .synReply(stream: 1, headers: [:], isLast: false), .data(stream: 3, bytes: [1, 2, 3], isLast: false),
        .data(stream: 3, bytes: [], isLast: true), .reset(stream: 3, status: 5), .ping(7), .goAway,
    ]

    private static func encoded() throws -> [UInt8] {
        let encoder = try SPDYFrameEncoder()
        return try frames.flatMap { try encoder.encode($0) }
    }

    @Test("the dictionary is the protocol's")
    func dictionary() {
        var (a, b): (UInt32, UInt32) = (1, 0)
        for byte in SPDYDictionary.bytes {
            a = (a + UInt32(byte)) % 65521
            b = (b + a) % 65521
        }
        #expect(b << 16 | a == 0xe3c6_a7c2)
    }

    @Test("frames are read the same wherever their bytes are cut")
    func split() throws {
        let bytes = try Self.encoded()
        for cut in bytes.indices {
            var decoder = try SPDYFrameDecoder()
            var read: [SPDYFrame] = []
            for part in [bytes[..<cut], bytes[cut...]] {
                decoder.append(part)
                while let frame = try decoder.next() { read.append(frame) }
            }
            #expect(read == Self.frames)
        }
    }

    @Test(
        "hostile frames are refused",
        arguments: [
            [0, 0, 0, 1, 0, 0xFF, 0xFF, 0xFF], [0x80, 3, 0, 1, 0, 1, 0, 0], [0x80, 2, 0, 6, 0, 0, 0, 0],
            [0x80, 3, 0, 6, 0, 0, 0, 1, 1], [0x80, 3, 0, 1, 0, 0, 0, 4, 0, 0, 0, 1],
            [0x80, 3, 0, 2, 0, 0, 0, 8, 0, 0, 0, 1, 1, 2, 3, 4],
        ] as [[UInt8]])
    func hostile(bytes: [UInt8]) throws {
        var decoder = try SPDYFrameDecoder()
        decoder.append(bytes)
        var error: SPDYError?
        do { _ = try decoder.next() } catch let thrown as SPDYError { error = thrown }
        #expect(error != nil)
    }

    @Test("a header block that inflates beyond its limit is refused")
    func bomb() throws {
        let compression = try SPDYHeaderCompression(inflating: false)
        let block = try compression.process([UInt8](repeating: 0, count: 60_000), limit: 1 << 16)
        var decoder = try SPDYFrameDecoder()
        let length = block.count + 4
        decoder.append([0x80, 3, 0, 2, 0, 0, UInt8(length >> 8), UInt8(length & 0xFF), 0, 0, 0, 1] + block)
        var error: SPDYError?
        do { _ = try decoder.next() } catch let thrown as SPDYError { error = thrown }
        #expect(error != nil)
    }

    /// Made by another implementation of zlib's format, with the highest compression.
    private static let foreign: [UInt8] = [
        0x80, 0x03, 0x00, 0x01, 0x00, 0x00, 0x00, 0x3E, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x78, 0xF9, 0xE3, 0xC6, 0xA7, 0xC2, 0x02, 0x25, 0x3A, 0x50, 0xCA, 0x0A, 0x2E, 0x29,
        0x4A, 0x4D, 0xCC, 0x85, 0x16, 0x25, 0xAC, 0xA9, 0xA0, 0x80, 0x06, 0xA5, 0xFC, 0x80, 0xFC, 0x22,
        0x70, 0x0E, 0xB0, 0x00, 0x26, 0x32, 0x20, 0xCD, 0x09, 0x8D, 0xC6, 0x4C, 0x50, 0xF2, 0x66, 0x34,
        0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0x80, 0x03, 0x00, 0x01, 0x00, 0x00, 0x00, 0x18, 0x00, 0x00,
        0x00, 0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xC2, 0xAA, 0x19, 0x54, 0x0E, 0x25, 0x12, 0xD6,
        0x0B, 0x00, 0x00, 0x00, 0xFF, 0xFF,
    ]

    @Test("headers of another implementation are read, names in any case, blocks that depend on each other")
    func foreignHeaders() throws {
        var decoder = try SPDYFrameDecoder()
        decoder.append(Self.foreign)
        for (stream, type) in [(1, "error"), (3, "data")] as [(UInt32, String)] {
            let headers = ["streamtype": type, "port": "8001", "requestid": "0"]
            #expect(try decoder.next() == .synStream(stream: stream, headers: headers, isLast: false))
        }
        #expect(try decoder.next() == nil)
    }

    @Test("altered bytes are read or refused", arguments: 0..<200 as Range<UInt64>)
    func altered(seed: UInt64) throws {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        func random(_ bound: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state >> 33) % bound
        }
        var bytes = Self.foreign + (try Self.encoded())
        for _ in 0...random(4) { bytes[random(bytes.count)] = UInt8(random(256)) }
        var decoder = try SPDYFrameDecoder()
        do {
            for byte in bytes {
                decoder.append([byte])
                while try decoder.next() != nil {}
            }
        } catch {
            #expect(error is SPDYError)
        }
    }
}
