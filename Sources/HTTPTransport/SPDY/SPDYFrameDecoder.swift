/// Reads a peer's frames out of its bytes, however they are cut. One connection's; keeps the state of its headers.
public struct SPDYFrameDecoder: ~Copyable {
    /// Largest frame taken, in bytes. Peers of ours write some 32 KiB at a time.
    private static let maxDataLength = 1 << 20
    private static let maxControlLength = 16 << 10
    private static let maxHeaderBytes = 16 << 10
    private static let maxHeaders = 64

    private let compression: SPDYHeaderCompression
    private var bytes: [UInt8] = []
    private var start = 0

    public init() throws { compression = try SPDYHeaderCompression(inflating: true) }

    public mutating func append(_ more: some Collection<UInt8>) {
        bytes.removeSubrange(..<start)
        start = 0
        bytes.append(contentsOf: more)
    }

    /// The next whole frame; `nil` until there is one.
    ///
    /// - Throws: ``SPDYError``; nothing more can be read then.
    public mutating func next() throws -> SPDYFrame? {
        guard bytes.count - start >= 8 else { return nil }
        let isControl = bytes[start] & 0x80 != 0
        let flags = bytes[start + 4]
        let length = Int(Self.number(bytes[(start + 4)...]) & 0xFF_FFFF)
        guard length <= (isControl ? Self.maxControlLength : Self.maxDataLength) else {
            throw SPDYError("a frame of \(length) bytes is too long")
        }
        guard bytes.count - start >= 8 + length else { return nil }
        let head = Self.number(bytes[start...])
        let body = bytes[(start + 8)..<(start + 8 + length)]
        start += 8 + length
        let isLast = flags & 1 != 0
        guard isControl else { return .data(stream: head, bytes: Array(body), isLast: isLast) }
        guard head >> 16 == 0x8003 else { throw SPDYError("the peer does not speak SPDY/3") }
        return try control(head & 0xFFFF, body, isLast: isLast)
    }

    private func control(_ type: UInt32, _ body: ArraySlice<UInt8>, isLast: Bool) throws -> SPDYFrame {
        switch type {
        case 1:
            let stream = try Self.stream(body, least: 10)
            return .synStream(stream: stream, headers: try headers(body.dropFirst(10)), isLast: isLast)
        case 2:
            let stream = try Self.stream(body, least: 4)
            return .synReply(stream: stream, headers: try headers(body.dropFirst(4)), isLast: isLast)
        case 3:
            let stream = try Self.stream(body, least: 8)
            return .reset(stream: stream, status: Self.number(body.dropFirst(4)))
        case 6:
            guard body.count == 4 else { throw SPDYError("a ping has four bytes") }
            return .ping(Self.number(body))
        case 7: return .goAway
        case 8:
            // Read although nobody asks: the next block's text refers to it.
            _ = try Self.stream(body, least: 4)
            _ = try headers(body.dropFirst(4))
            return .ignored
        default: return .ignored
        }
    }

    private static func stream(_ body: ArraySlice<UInt8>, least: Int) throws -> UInt32 {
        guard body.count >= least else { throw SPDYError("a control frame is too short") }
        return number(body) & 0x7FFF_FFFF
    }

    private func headers(_ block: ArraySlice<UInt8>) throws -> [String: String] {
        let plain = try compression.process(Array(block), limit: Self.maxHeaderBytes)
        var rest = plain[...]
        func number() throws -> Int {
            guard rest.count >= 4 else { throw SPDYError("a header block is cut short") }
            defer { rest = rest.dropFirst(4) }
            return Int(Self.number(rest))
        }
        func text() throws -> String {
            let length = try number()
            guard length <= rest.count else { throw SPDYError("a header is longer than its block") }
            defer { rest = rest.dropFirst(length) }
            return String(decoding: rest.prefix(length), as: UTF8.self)
        }
        let count = try number()
        guard count <= Self.maxHeaders else { throw SPDYError("a header block has \(count) headers") }
        var headers: [String: String] = [:]
        for _ in 0..<count {
            let name = try text().lowercased()
            headers[name] = try text()
        }
        return headers
    }

    /// The first four bytes as a number; there must be four.
    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }
}
