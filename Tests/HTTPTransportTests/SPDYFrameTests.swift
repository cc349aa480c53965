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
}
