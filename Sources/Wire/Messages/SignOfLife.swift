import JSONTree

/// The text of pings and pongs, which are most of what an idle peer sends and hears: written and read without a JSON tree.
enum SignOfLife {
    /// As the message's `json` would be encoded.
    static func encoded(_ type: String, id: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(40)
        bytes.append(contentsOf: #"{"type":""#.utf8)
        bytes.append(contentsOf: type.utf8)
        bytes.append(contentsOf: #"","id":"#.utf8)
        bytes.append(contentsOf: String(id).utf8)
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    /// The message, where the text is one as ``encoded(_:id:)`` writes it with an id from 0 on; `nil` for all others, which may
    /// still be pings and pongs.
    static func message(in bytes: some Collection<UInt8>) -> Message? {
        guard bytes.count <= longest else { return nil }
        return bytes.withContiguousStorageIfAvailable { bytes in
            if let id = id(in: bytes, behind: ping) { return .ping(PingMessage(id: id)) }
            if let id = id(in: bytes, behind: pong) { return .pong(PongMessage(id: id)) }
            return nil
        } ?? nil
    }

    private static let ping: StaticString = #"{"type":"ping","id":"#
    private static let pong: StaticString = #"{"type":"pong","id":"#
    /// Any number of so many digits is an `Int`.
    private static let mostDigits = 18
    private static let longest = ping.utf8CodeUnitCount + mostDigits + 1

    private static func id(in bytes: UnsafeBufferPointer<UInt8>, behind start: StaticString) -> Int? {
        let start = UnsafeBufferPointer(start: start.utf8Start, count: start.utf8CodeUnitCount)
        guard bytes.count > start.count + 1, bytes.last == UInt8(ascii: "}"), bytes.starts(with: start) else {
            return nil
        }
        let digits = bytes[start.count..<(bytes.count - 1)]
        guard digits.count == 1 || digits.first != UInt8(ascii: "0") else { return nil }
        var id = 0
        for digit in digits {
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
            id = id * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return id
    }
}
