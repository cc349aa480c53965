public import JSONTree

extension LabelSelector {
    /// Reads the text form: `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1`, as `kubectl -l` takes it.
    ///
    /// - Throws: `JSONError` (code `field`) that says in Kubernetes' words which part could not be read.
    public init(text: String) throws(JSONError) {
        guard text.utf8.count <= 65_536 else { throw JSONError(.limit, "the selector is longer than 65536 bytes") }
        var parser = LabelSelectorParser(text)
        self.init(try parser.requirements())
    }
}

/// Reads a selector word by word.
private struct LabelSelectorParser {
    private static let operators: [String: LabelSelector.Operator] = [
        "in": .in, "notin": .notIn, "=": .in, "==": .in, "!=": .notIn, ">": .greaterThan, "<": .lessThan,
    ]
    private static let symbols: Set<Character> = ["=", "!", "(", ")", ",", ">", "<"]

    /// The selector's words and symbols; the end is the empty one.
    private var words: ArraySlice<String>

    init(_ text: String) {
        var words: [String] = []
        var word = ""
        for character in text {
            if Self.symbols.contains(character) || character.isWhitespace {
                if !word.isEmpty { words.append(word) }
                word = ""
            }
            if character.isWhitespace { continue }
            if character == "=", let last = words.last, word.isEmpty, last == "=" || last == "!" {
                // Two symbols that mean something together; blanks do not come between in practice.
                words[words.count - 1] = last + "="
            } else if Self.symbols.contains(character) {
                words.append(String(character))
            } else {
                word.append(character)
            }
        }
        if !word.isEmpty { words.append(word) }
        self.words = words[...]
    }

    private var next: String { words.first ?? "" }

    private mutating func take() -> String { words.popFirst() ?? "" }

    private static func isIdentifier(_ word: String) -> Bool {
        guard let first = word.first else { return false }
        return !symbols.contains(first)
    }

    private static func unexpected(_ word: String, _ wanted: String, _ mark: String = ",") -> JSONError {
        JSONError(.field, "found '\(word.prefix(128))'\(mark) expected: \(wanted)")
    }

    mutating func requirements() throws(JSONError) -> [LabelSelector.Requirement] {
        var requirements: [LabelSelector.Requirement] = []
        while !words.isEmpty {
            guard Self.isIdentifier(next) || next == "!" else {
                throw Self.unexpected(next, "!, identifier, or 'end of string'")
            }
            do throws(JSONError) {
                requirements.append(try requirement())
            } catch {
                throw JSONError(error.code, "unable to parse requirement: \(error.message)")
            }
            guard !words.isEmpty else { break }
            let mark = take()
            guard mark == "," else { throw Self.unexpected(mark, "',' or 'end of string'") }
            guard Self.isIdentifier(next) || next == "!" else {
                throw Self.unexpected(next, "identifier after ','")
            }
        }
        return requirements
    }

    private mutating func requirement() throws(JSONError) -> LabelSelector.Requirement {
        let isNegated = next == "!"
        if isNegated { _ = take() }
        let key = take()
        guard Self.isIdentifier(key) else { throw Self.unexpected(key, "identifier") }
        if let problem = LabelSyntax.problem(key: key) {
            throw JSONError(.field, "<nil>: Invalid value: \(JSON.string(key).text()): \(problem)")
        }
        if isNegated { return LabelSelector.Requirement(key: key, operator: .doesNotExist) }
        if words.isEmpty || next == "," { return LabelSelector.Requirement(key: key, operator: .exists) }
        let word = take()
        guard let operation = Self.operators[word] else {
            throw Self.unexpected(word, "in, notin, =, ==, !=, gt, lt")
        }
        let values = word == "in" || word == "notin" ? try set() : [try value()]
        for (place, value) in values.enumerated() {
            if operation == .greaterThan || operation == .lessThan, Int64(value) == nil {
                throw JSONError(
                    .field,
                    "values[\(place)]: Invalid value: \(JSON.string(value).text()): for 'Gt', 'Lt' operators, the value "
                        + "must be an integer")
            }
            if let problem = LabelSyntax.problem(value: value) {
                throw JSONError(
                    .field, "values[\(place)][\(key)]: Invalid value: \(JSON.string(value).text()): \(problem)")
            }
        }
        return LabelSelector.Requirement(key: key, operator: operation, values: values)
    }

    /// What follows `=`, which may be nothing.
    private mutating func value() throws(JSONError) -> String {
        if words.isEmpty || next == "," { return "" }
        let value = take()
        guard Self.isIdentifier(value) else { throw Self.unexpected(value, "identifier") }
        return value
    }

    /// What follows `in`: `(a,b)`, each of which may be nothing; in order and once each.
    private mutating func set() throws(JSONError) -> [String] {
        let open = take()
        guard open == "(" else { throw Self.unexpected(open, "'('", "") }
        var values: Set<String> = []
        while true {
            if next == "," || next == ")" {
                values.insert("")
            } else {
                guard Self.isIdentifier(next) else { throw Self.unexpected(next, "',', ')' or identifier") }
                values.insert(take())
            }
            let mark = take()
            if mark == ")" { return values.sorted() }
            guard mark == "," else { throw Self.unexpected(mark, "',' or ')'") }
        }
    }
}
