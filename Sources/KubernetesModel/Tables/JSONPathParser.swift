import JSONTree

/// Reads the text of a `JSONPath`, from left to right.
struct JSONPathParser {
    var rest: Substring

    private func fail(_ problem: String) -> JSONError {
        JSONError(.field, "JSON path: \(problem) at \"\(rest.prefix(32))\"")
    }

    mutating func steps() throws(JSONError) -> [JSONPath.Step] {
        if rest.first == "{", rest.last == "}" { rest = rest.dropFirst().dropLast() }
        if rest.first == "$" { rest.removeFirst() }
        var steps: [JSONPath.Step] = []
        while let first = rest.first {
            switch first {
            case ".":
                rest.removeFirst()
                if rest.first == "[" { continue }
                if rest.first == "*" {
                    rest.removeFirst()
                    steps.append(.all)
                } else if !rest.isEmpty {
                    steps.append(.member(try name(until: [".", "["])))
                }
            case "[":
                rest.removeFirst()
                steps.append(try bracket())
            default:
                guard steps.isEmpty else { throw fail("expected '.' or '['") }
                steps.append(.member(try name(until: [".", "["])))
            }
        }
        return steps
    }

    /// A name up to one of the characters; a backslash takes the next character as it is.
    private mutating func name(until stops: Set<Character>) throws(JSONError) -> String {
        var name = ""
        while let character = rest.first, !stops.contains(character) {
            rest.removeFirst()
            if character == "\\", let escaped = rest.first {
                rest.removeFirst()
                name.append(escaped)
            } else {
                name.append(character)
            }
        }
        guard !name.isEmpty else { throw fail("expected a name") }
        return name
    }

    private mutating func bracket() throws(JSONError) -> JSONPath.Step {
        let step: JSONPath.Step
        switch rest.first {
        case "'", "\"": step = .member(try quoted())
        case "*":
            rest.removeFirst()
            step = .all
        case "?": step = try filter()
        default:
            let text = rest.prefix { $0 != "]" }
            guard let index = Int(text) else { throw fail("expected an index") }
            rest.removeFirst(text.count)
            step = .index(index)
        }
        try expect("]")
        return step
    }

    private mutating func expect(_ character: Character) throws(JSONError) {
        guard rest.first == character else { throw fail("expected '\(character)'") }
        rest.removeFirst()
    }

    private mutating func quoted() throws(JSONError) -> String {
        guard let quote = rest.popFirst(), let end = rest.firstIndex(of: quote) else { throw fail("an open quote") }
        let text = String(rest[..<end])
        rest = rest[rest.index(after: end)...]
        return text
    }

    private mutating func skipSpaces() { rest = rest.drop { $0 == " " } }

    private mutating func filter() throws(JSONError) -> JSONPath.Step {
        try expect("?")
        try expect("(")
        skipSpaces()
        try expect("@")
        var path: [String] = []
        while rest.first == "." {
            rest.removeFirst()
            path.append(try name(until: [".", " ", "=", "!", ")"]))
        }
        skipSpaces()
        if rest.first == ")" {
            rest.removeFirst()
            return .having(path)
        }
        let isEqual = rest.hasPrefix("==")
        guard isEqual || rest.hasPrefix("!=") else { throw fail("expected '==' or '!='") }
        rest.removeFirst(2)
        skipSpaces()
        let value = try operand()
        skipSpaces()
        try expect(")")
        return .filter(path, isEqual: isEqual, value)
    }

    private mutating func operand() throws(JSONError) -> JSON {
        if rest.first == "'" || rest.first == "\"" { return .string(try quoted()) }
        let text = rest.prefix { $0 != ")" && $0 != " " }
        guard let value = try? JSON(parsing: String(text)) else { throw fail("expected a value") }
        rest.removeFirst(text.count)
        return value
    }
}
