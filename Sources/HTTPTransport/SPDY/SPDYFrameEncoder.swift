/// Writes frames. One connection's; frames with headers have to be sent in the order in which they were written.
public struct SPDYFrameEncoder: ~Copyable {
    private let compression: SPDYHeaderCompression

    public init() throws { compression = try SPDYHeaderCompression(inflating: false) }

    public func encode(_ frame: SPDYFrame) throws -> [UInt8] {
        switch frame {
        case .data(let stream, let bytes, let isLast): return Self.data(stream: stream, bytes, isLast: isLast)
        case .synStream(let stream, let headers, let isLast):
            return Self.control(1, Self.number(stream) + [0, 0, 0, 0, 0, 0] + (try block(headers)), isLast: isLast)
        case .synReply(let stream, let headers, let isLast):
            return Self.control(2, Self.number(stream) + (try block(headers)), isLast: isLast)
        case .reset(let stream, let status): return Self.reset(stream: stream, status: status)
        case .ping(let id): return Self.ping(id)
        case .goAway: return Self.control(7, Self.number(0) + Self.number(0))
        case .ignored: return []
        }
    }

    /// A frame of data, which needs no connection's state.
    public static func data(stream: UInt32, _ bytes: [UInt8], isLast: Bool = false) -> [UInt8] {
        number(stream & 0x7FFF_FFFF) + [isLast ? 1 : 0] + number(UInt32(bytes.count)).dropFirst() + bytes
    }

    /// A reset, which needs no connection's state either.
    public static func reset(stream: UInt32, status: UInt32) -> [UInt8] {
        control(3, number(stream) + number(status))
    }

    /// A ping, or the answer to one, which needs none either.
    public static func ping(_ id: UInt32) -> [UInt8] { control(6, number(id)) }

    private static func control(_ type: UInt8, _ body: [UInt8], isLast: Bool = false) -> [UInt8] {
        [0x80, 3, 0, type, isLast ? 1 : 0] + number(UInt32(body.count)).dropFirst() + body
    }

    private func block(_ headers: [String: String]) throws -> [UInt8] {
        var plain = Self.number(UInt32(headers.count))
        for (name, value) in headers.sorted(by: { $0.key < $1.key }) {
            for text in [name, value] { plain += Self.number(UInt32(text.utf8.count)) + Array(text.utf8) }
        }
        return try compression.process(plain, limit: 16 << 10)
    }

    private static func number(_ number: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }
}
