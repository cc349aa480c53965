/// A JSON number as it was written.
///
/// Text is kept so that nothing is lost on the way through: `1.10`, `9007199254740993` and `1e400` come out as they went in.
public struct JSONNumber: Sendable, Hashable, CustomStringConvertible {
    /// The number as RFC 8259 writes it.
    public let text: String

    public init(_ value: Int) { text = String(value) }

    /// - Returns: `nil` for infinities and not-a-number, which JSON cannot say.
    public init?(_ value: Double) {
        guard value.isFinite else { return nil }
        if let whole = Int(exactly: value) { text = String(whole) } else { text = value.description }
    }

    /// Takes text that a parser has already checked.
    init(checked text: String) { self.text = text }

    /// The value where it is a whole number that fits in an `Int`, however it is spelled.
    public var int: Int? {
        if let value = Int(text) { return value }
        guard text.utf8.contains(where: { $0 == 0x2E || $0 == 0x65 || $0 == 0x45 }), let value = Double(text) else {
            return nil
        }
        return Int(exactly: value)
    }

    /// The nearest double; infinite where the text exceeds a double's range.
    public var double: Double { Double(text) ?? .infinity }

    public var description: String { text }

    public static func == (left: JSONNumber, right: JSONNumber) -> Bool {
        if left.text == right.text { return true }
        if let a = left.int, let b = right.int { return a == b }
        return left.double == right.double && left.int == nil && right.int == nil && left.double.isFinite
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(double) }
}
