public import JSONTree

extension LabelSelector {
    /// Reads the text form: `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1`, as `kubectl -l` takes it.
    ///
    /// - Throws: `JSONError` (code `field`) that says which part could not be read.
    public init(text: String) throws(JSONError) {
        guard text.utf8.count <= 65_536 else { throw JSONError(.limit, "the selector is longer than 65536 bytes") }
        var requirements: [Requirement] = []
        for part in try Self.parts(text) { requirements.append(try Self.requirement(part, in: text)) }
        self.init(requirements)
    }

    /// Splits at commas outside parentheses.
    private static func parts(_ text: String) throws(JSONError) -> [String] {
        var parts: [String] = []
        var current = ""
        var isInside = false
        for character in text {
            switch character {
            case "(":
                guard !isInside else { throw unreadable(text, "'(' within '('") }
                isInside = true
                current.append(character)
            case ")":
                guard isInside else { throw unreadable(text, "')' without '('") }
                isInside = false
                current.append(character)
            case "," where !isInside:
                parts.append(current)
                current = ""
            default: current.append(character)
            }
        }
        guard !isInside else { throw unreadable(text, "'(' without ')'") }
        let last = trim(current)
        if parts.isEmpty, last.isEmpty { return [] }
        guard !last.isEmpty else { throw unreadable(text, "found '', expected: identifier after ','") }
        return parts + [current]
    }

    private static func unreadable(_ text: String, _ why: String) -> JSONError {
        JSONError(.field, "unable to parse requirement: \(why) in selector \"\(text.prefix(128))\"")
    }

    private static func trim(_ text: some StringProtocol) -> String {
        var rest = Substring(text)
        while let first = rest.first, first.isWhitespace { rest.removeFirst() }
        while let last = rest.last, last.isWhitespace { rest.removeLast() }
        return String(rest)
    }

    private static func requirement(_ part: String, in text: String) throws(JSONError) -> Requirement {
        let part = trim(part)
        if part.hasPrefix("!"), !part.contains("=") {
            return Requirement(key: try key(trim(part.dropFirst()), text), operator: .doesNotExist)
        }
        for (symbol, word) in [("!=", Operator.notIn), ("==", .in), ("=", .in), (">", .greaterThan), ("<", .lessThan)] {
            guard let range = part.firstRange(of: symbol) else { continue }
            let value = try self.value(trim(part[range.upperBound...]), text)
            if word == .greaterThan || word == .lessThan, Int64(value) == nil {
                throw unreadable(text, "for '>' and '<' the value must be a whole number, not \"\(value)\"")
            }
            return Requirement(key: try key(trim(part[..<range.lowerBound]), text), operator: word, values: [value])
        }
        if let open = part.firstIndex(of: "(") {
            guard part.last == ")" else { throw unreadable(text, "text after ')'") }
            let head = part[..<open].split(whereSeparator: \.isWhitespace)
            guard head.count == 2, head[1] == "in" || head[1] == "notin" else {
                throw unreadable(text, "expected 'in' or 'notin' before '('")
            }
            let inner = part[part.index(after: open)...].dropLast()
            var values: [String] = []
            for piece in inner.split(separator: ",", omittingEmptySubsequences: false) {
                values.append(try value(trim(piece), text))
            }
            return Requirement(
                key: try key(String(head[0]), text), operator: head[1] == "in" ? .in : .notIn, values: values.sorted())
        }
        return Requirement(key: try key(part, text), operator: .exists)
    }

    private static func key(_ key: String, _ text: String) throws(JSONError) -> String {
        guard let problem = LabelSyntax.problem(key: key) else { return key }
        throw unreadable(text, "key \"\(key.prefix(64))\": \(problem)")
    }

    private static func value(_ value: String, _ text: String) throws(JSONError) -> String {
        guard let problem = LabelSyntax.problem(value: value) else { return value }
        throw unreadable(text, "value \"\(value.prefix(64))\": \(problem)")
    }
}
