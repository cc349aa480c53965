/// Reads a pattern: alternatives of sequences of repeated atoms.
struct PatternParser {
    private struct Flags {
        var ignoresCase = false
        var dotMatchesNewline = false
        var multiline = false
    }

    let scalars: [Unicode.Scalar]
    var at = 0
    private var flags = Flags()
    private var depth = 0
    /// Most times that a repetition may ask for, as in Go.
    private static let repetitionLimit = 1000

    init(_ text: String) { scalars = Array(text.unicodeScalars) }

    mutating func parse() throws(Pattern.Malformed) -> PatternNode {
        let node = try choice()
        guard at == scalars.count else { throw fail("unexpected )") }
        return node
    }

    func fail(_ message: String) -> Pattern.Malformed { Pattern.Malformed(message: message) }

    var current: Unicode.Scalar? { at < scalars.count ? scalars[at] : nil }

    mutating func skip(_ text: String) -> Bool {
        let wanted = Array(text.unicodeScalars)
        guard scalars[at...].starts(with: wanted) else { return false }
        at += wanted.count
        return true
    }

    private mutating func choice() throws(Pattern.Malformed) -> PatternNode {
        var alternatives = [try sequence()]
        while skip("|") { alternatives.append(try sequence()) }
        return alternatives.count == 1 ? alternatives[0] : .choice(alternatives)
    }

    private mutating func sequence() throws(Pattern.Malformed) -> PatternNode {
        var parts: [PatternNode] = []
        while let next = current, next != "|", next != ")" {
            guard let atom = try atom() else { continue }
            parts.append(try repeated(atom))
        }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }

    private mutating func repeated(_ atom: PatternNode) throws(Pattern.Malformed) -> PatternNode {
        var node = atom
        var isRepeated = false
        while let (least, most) = try repetition() {
            guard !isRepeated else { throw fail("invalid nested repetition operator") }
            isRepeated = true
            // Lazy or not makes no difference to whether there is a match.
            _ = skip("?")
            node = .repetition(node, least: least, most: most)
        }
        return node
    }

    private mutating func repetition() throws(Pattern.Malformed) -> (Int, Int?)? {
        if skip("*") { return (0, nil) }
        if skip("+") { return (1, nil) }
        if skip("?") { return (0, 1) }
        let start = at
        guard skip("{") else { return nil }
        guard let least = number() else {
            at = start  // not a repetition: the brace itself
            return nil
        }
        var most: Int? = least
        if skip(",") { most = number() }
        guard skip("}") else {
            at = start
            return nil
        }
        guard least <= Self.repetitionLimit, (most ?? least) <= Self.repetitionLimit, least <= (most ?? least) else {
            throw fail("invalid repeat count")
        }
        return (least, most)
    }

    private mutating func number() -> Int? {
        let start = at
        while let digit = current, ("0"..."9").contains(digit), at - start < 9 { at += 1 }
        return Int(String(String.UnicodeScalarView(scalars[start..<at])))
    }

    /// One thing that may be repeated; `nil` where only flags were set.
    private mutating func atom() throws(Pattern.Malformed) -> PatternNode? {
        guard let next = current else { return nil }
        switch next {
        case "(": return try group()
        case "[": return .characters(try bracket(ignoresCase: flags.ignoresCase))
        case "*", "+", "?": throw fail("missing argument to repetition operator")
        case ".":
            at += 1
            return .characters(
                .init(parts: flags.dotMatchesNewline ? [] : [.range(10...10)], isNegated: true))
        case "^":
            at += 1
            return .assertion(flags.multiline ? .lineStart : .textStart)
        case "$":
            at += 1
            return .assertion(flags.multiline ? .lineEnd : .textEnd)
        case "\\": return try escape()
        case "{":
            let start = at
            if try repetition() != nil { throw fail("missing argument to repetition operator") }
            at = start + 1
            return literal(next)
        default:
            at += 1
            return literal(next)
        }
    }

    private func literal(_ scalar: Unicode.Scalar) -> PatternNode {
        .characters(.init(parts: [.range(scalar.value...scalar.value)], ignoresCase: flags.ignoresCase))
    }

    private mutating func group() throws(Pattern.Malformed) -> PatternNode? {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Pattern.depthLimit else { throw fail("expression nests too deeply") }
        at += 1
        let outer = flags
        if skip("?") {
            if skip("P<") || skip("<") {
                guard current != "=", current != "!" else { throw fail("invalid or unsupported Perl syntax") }
                try groupName()
            } else {
                guard try groupFlags() else { return nil }
            }
        }
        let node = try choice()
        guard skip(")") else { throw fail("missing closing )") }
        flags = outer
        return node
    }

    private mutating func groupName() throws(Pattern.Malformed) {
        let start = at
        while let next = current, next != ">" {
            guard next == "_" || next.properties.isAlphabetic || ("0"..."9").contains(next) else { break }
            at += 1
        }
        guard at > start, skip(">") else { throw fail("invalid named capture") }
    }

    /// - Returns: whether a group follows; otherwise the flags hold for the rest of the group that they are in.
    private mutating func groupFlags() throws(Pattern.Malformed) -> Bool {
        var value = true
        while let next = current {
            at += 1
            switch next {
            case "i": flags.ignoresCase = value
            case "s": flags.dotMatchesNewline = value
            case "m": flags.multiline = value
            case "U": break
            case "-" where value: value = false
            case ":": return true
            case ")": return false
            default: throw fail("invalid or unsupported Perl syntax")
            }
        }
        throw fail("missing closing )")
    }

    private mutating func escape() throws(Pattern.Malformed) -> PatternNode {
        at += 1
        guard let next = current else { throw fail("trailing backslash at end of expression") }
        switch next {
        case "A": return taking(.assertion(.textStart))
        case "z": return taking(.assertion(.textEnd))
        case "b": return taking(.assertion(.wordBoundary))
        case "B": return taking(.assertion(.noWordBoundary))
        case "Q":
            at += 1
            var parts: [PatternNode] = []
            while at < scalars.count, !skip("\\E") {
                parts.append(literal(scalars[at]))
                at += 1
            }
            return .sequence(parts)
        default:
            if let set = try classEscape() { return .characters(set) }
            return literal(try characterEscape())
        }
    }

    private mutating func taking(_ node: PatternNode) -> PatternNode {
        at += 1
        return node
    }
}
