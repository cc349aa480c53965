/// Sets of characters: `[a-z]`, `\d`, `\pL`, and escaped single ones.
extension PatternParser {
    private typealias Part = PatternNode.CharacterSet.Part

    private static let digits: [Part] = [.range(0x30...0x39)]
    private static let spaces: [Part] = [.range(9...10), .range(12...13), .range(32...32)]
    private static let words: [Part] = [
        .range(0x30...0x39), .range(0x41...0x5A), .range(0x5F...0x5F), .range(0x61...0x7A),
    ]

    private static let posix: [String: [Part]] = [
        "alnum": [.range(0x30...0x39), .range(0x41...0x5A), .range(0x61...0x7A)],
        "alpha": [.range(0x41...0x5A), .range(0x61...0x7A)], "ascii": [.range(0...0x7F)],
        "blank": [.range(9...9), .range(32...32)], "cntrl": [.range(0...0x1F), .range(0x7F...0x7F)],
        "digit": digits, "graph": [.range(0x21...0x7E)], "lower": [.range(0x61...0x7A)],
        "print": [.range(0x20...0x7E)],
        "punct": [.range(0x21...0x2F), .range(0x3A...0x40), .range(0x5B...0x60), .range(0x7B...0x7E)],
        "space": [.range(9...13), .range(32...32)], "upper": [.range(0x41...0x5A)], "word": words,
        "xdigit": [.range(0x30...0x39), .range(0x41...0x46), .range(0x61...0x66)],
    ]

    /// Everything but these: as parts, because a bracket holds several of them.
    private static func complement(_ parts: [Part]) -> [Part] {
        var result: [Part] = []
        var next: UInt32 = 0
        for case .range(let range) in parts {
            if range.lowerBound > next { result.append(.range(next...range.lowerBound - 1)) }
            next = range.upperBound + 1
        }
        result.append(.range(next...0x10FFFF))
        return result
    }

    /// A class behind a backslash; `nil`, with nothing read, where something else is there.
    mutating func classEscape() throws(Pattern.Malformed) -> PatternNode.CharacterSet? {
        guard let parts = try classParts() else { return nil }
        return PatternNode.CharacterSet(parts: parts)
    }

    private mutating func classParts() throws(Pattern.Malformed) -> [Part]? {
        let parts: [Part]
        switch current {
        case "d": parts = Self.digits
        case "D": parts = Self.complement(Self.digits)
        case "s": parts = Self.spaces
        case "S": parts = Self.complement(Self.spaces)
        case "w": parts = Self.words
        case "W": parts = Self.complement(Self.words)
        case "p", "P": return [try category()]
        default: return nil
        }
        at += 1
        return parts
    }

    private mutating func category() throws(Pattern.Malformed) -> Part {
        var isNegated = current == "P"
        at += 1
        var name = ""
        if skip("{") {
            if skip("^") { isNegated.toggle() }
            while let next = current, next != "}" {
                name.unicodeScalars.append(next)
                at += 1
            }
            guard skip("}") else { throw fail("invalid character class range") }
        } else if let next = current {
            name.unicodeScalars.append(next)
            at += 1
        }
        guard PatternCategory.isKnown(name) else { throw fail("invalid character class range") }
        return .category(name, isNegated: isNegated)
    }

    /// One character behind a backslash.
    mutating func characterEscape() throws(Pattern.Malformed) -> Unicode.Scalar {
        guard let next = current else { throw fail("trailing backslash at end of expression") }
        at += 1
        switch next {
        case "a": return "\u{7}"
        case "f": return "\u{C}"
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "v": return "\u{B}"
        case "x":
            var digits = ""
            let isBraced = skip("{")
            while let next = current, next.properties.isASCIIHexDigit, digits.count < (isBraced ? 8 : 2) {
                digits.unicodeScalars.append(next)
                at += 1
            }
            guard isBraced ? skip("}") : digits.count == 2, let value = UInt32(digits, radix: 16),
                let scalar = Unicode.Scalar(value)
            else { throw fail("invalid escape sequence") }
            return scalar
        case "0"..."7":
            // Octal, of up to three digits; a single digit but 0 would be a reference.
            var value = next.value - 48
            var count = 1
            while let digit = current, ("0"..."7").contains(digit), count < 3 {
                value = value * 8 + digit.value - 48
                at += 1
                count += 1
            }
            guard next == "0" || count > 1, let scalar = Unicode.Scalar(value) else {
                throw fail("invalid escape sequence")
            }
            return scalar
        default:
            // Letters and digits that mean nothing are kept for later meanings.
            guard next.isASCII, !next.properties.isAlphabetic, !("0"..."9").contains(next) else {
                throw fail("invalid escape sequence")
            }
            return next
        }
    }

    /// `[…]`.
    mutating func bracket(ignoresCase: Bool) throws(Pattern.Malformed) -> PatternNode.CharacterSet {
        at += 1
        var set = PatternNode.CharacterSet(parts: [], ignoresCase: ignoresCase)
        set.isNegated = skip("^")
        var isFirst = true
        while isFirst || current != "]" {
            guard current != nil else { throw fail("missing closing ]") }
            isFirst = false
            if let parts = try posixClass() {
                set.parts += parts
                continue
            }
            if current == "\\" {
                at += 1
                if let parts = try classParts() {
                    set.parts += parts
                    continue
                }
                at -= 1
            }
            let low = try bracketCharacter()
            guard current == "-", at + 1 < scalars.count, scalars[at + 1] != "]" else {
                set.parts.append(.range(low.value...low.value))
                continue
            }
            at += 1
            let high = try bracketCharacter()
            guard low.value <= high.value else { throw fail("invalid character class range") }
            set.parts.append(.range(low.value...high.value))
        }
        at += 1
        return set
    }

    private mutating func bracketCharacter() throws(Pattern.Malformed) -> Unicode.Scalar {
        guard let next = current else { throw fail("missing closing ]") }
        at += 1
        return next == "\\" ? try characterEscape() : next
    }

    private mutating func posixClass() throws(Pattern.Malformed) -> [Part]? {
        let start = at
        guard skip("[:") else { return nil }
        let isNegated = skip("^")
        var name = ""
        while let next = current, next != ":", next != "]" {
            name.unicodeScalars.append(next)
            at += 1
        }
        guard skip(":]") else {
            at = start
            return nil
        }
        guard let parts = Self.posix[name] else { throw fail("invalid character class range") }
        return isNegated ? Self.complement(parts) : parts
    }
}
