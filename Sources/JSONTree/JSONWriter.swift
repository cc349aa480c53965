/// How JSON is laid out as text.
public struct JSONFormat: Sendable, Hashable {
    /// Spaces per level; 0 for one line without spaces.
    public var indent: Int
    /// Members in the order of their keys' bytes, so that equal values give equal text: for hashes and fixtures.
    public var sortedKeys: Bool

    public init(indent: Int = 0, sortedKeys: Bool = false) {
        self.indent = indent
        self.sortedKeys = sortedKeys
    }

    public static let compact = JSONFormat()
    /// The one text of a value: what hashes are taken of.
    public static let canonical = JSONFormat(sortedKeys: true)
    /// As `kubectl -o json` prints.
    public static let pretty = JSONFormat(indent: 4)
}

extension JSON {
    /// The value as JSON text.
    public func text(_ format: JSONFormat = .compact) -> String { String(decoding: encoded(format), as: UTF8.self) }

    /// The value as UTF-8 bytes.
    public func encoded(_ format: JSONFormat = .compact) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512)
        encode(into: &bytes, format)
        return bytes
    }

    /// Appends the value as UTF-8 bytes.
    public func encode(into bytes: inout [UInt8], _ format: JSONFormat = .compact) {
        write(into: &bytes, format, level: 0)
    }

    private func write(into bytes: inout [UInt8], _ format: JSONFormat, level: Int) {
        switch self {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
        case .number(let value): bytes.append(contentsOf: value.text.utf8)
        case .string(let value): Self.write(value, into: &bytes)
        case .array(let elements):
            guard !elements.isEmpty else { return bytes.append(contentsOf: "[]".utf8) }
            bytes.append(UInt8(ascii: "["))
            for (place, element) in elements.enumerated() {
                if place > 0 { bytes.append(UInt8(ascii: ",")) }
                Self.newLine(into: &bytes, format, level: level + 1)
                element.write(into: &bytes, format, level: level + 1)
            }
            Self.newLine(into: &bytes, format, level: level)
            bytes.append(UInt8(ascii: "]"))
        case .object(var object):
            guard !object.isEmpty else { return bytes.append(contentsOf: "{}".utf8) }
            if format.sortedKeys { object.sortKeys() }
            bytes.append(UInt8(ascii: "{"))
            var isFirst = true
            for (key, value) in object {
                if !isFirst { bytes.append(UInt8(ascii: ",")) }
                isFirst = false
                Self.newLine(into: &bytes, format, level: level + 1)
                Self.write(key, into: &bytes)
                bytes.append(UInt8(ascii: ":"))
                if format.indent > 0 { bytes.append(UInt8(ascii: " ")) }
                value.write(into: &bytes, format, level: level + 1)
            }
            Self.newLine(into: &bytes, format, level: level)
            bytes.append(UInt8(ascii: "}"))
        }
    }

    private static func newLine(into bytes: inout [UInt8], _ format: JSONFormat, level: Int) {
        guard format.indent > 0 else { return }
        bytes.append(0x0A)
        bytes.append(contentsOf: repeatElement(0x20, count: format.indent * level))
    }

    private static func write(_ text: String, into bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { utf8 in
            var start = 0
            for place in utf8.indices {
                let byte = utf8[place]
                guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
                bytes.append(contentsOf: utf8[start..<place])
                start = place + 1
                bytes.append(UInt8(ascii: "\\"))
                switch byte {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
                case 0x0A: bytes.append(UInt8(ascii: "n"))
                case 0x0D: bytes.append(UInt8(ascii: "r"))
                case 0x09: bytes.append(UInt8(ascii: "t"))
                default:
                    let digits = Array("0123456789abcdef".utf8)
                    bytes.append(contentsOf: "u00".utf8)
                    bytes.append(digits[Int(byte >> 4)])
                    bytes.append(digits[Int(byte & 15)])
                }
            }
            bytes.append(contentsOf: utf8[start..<utf8.count])
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
