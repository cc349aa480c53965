extension JSON {
    /// Whether the text of this value has more bytes than a limit. Stops counting there, so that a value which says the same
    /// thing a million times, and is small in memory for that, costs no more than the limit.
    public func isLonger(than limit: Int) -> Bool {
        var left = limit
        return !takeSize(from: &left)
    }

    /// About how many bytes of memory this value takes: more than its text where it is made of many small values.
    public var footprint: Int {
        switch self {
        case .null, .bool: 16
        case .number(let number): 32 + number.text.utf8.count
        case .string(let text): 32 + text.utf8.count
        case .array(let elements): elements.reduce(48) { $0 + $1.footprint }
        case .object(let object): object.reduce(96) { $0 + 48 + $1.key.utf8.count + $1.value.footprint }
        }
    }

    /// Subtracts the bytes of the text, without what escapes add, from those that are left.
    ///
    /// - Returns: false once they are used up.
    func takeSize(from left: inout Int) -> Bool {
        switch self {
        case .null, .bool: left -= 4
        case .number(let number): left -= number.text.utf8.count
        case .string(let text): left -= text.utf8.count + 2
        case .array(let elements):
            left -= 1 + elements.count
            for element in elements {
                guard left >= 0, element.takeSize(from: &left) else { return false }
            }
        case .object(let object):
            left -= 1 + object.count
            for (key, value) in object {
                left -= key.utf8.count + 3
                guard left >= 0, value.takeSize(from: &left) else { return false }
            }
        }
        return left >= 0
    }

    /// Whether arrays and objects lie within each other deeper than a limit; looks no deeper than that.
    func isDeeper(than limit: Int) -> Bool {
        switch self {
        case .null, .bool, .number, .string: return false
        case .array(let elements): return limit <= 0 || elements.contains { $0.isDeeper(than: limit - 1) }
        case .object(let object): return limit <= 0 || object.contains { $0.value.isDeeper(than: limit - 1) }
        }
    }
}
