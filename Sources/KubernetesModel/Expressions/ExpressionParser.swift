/// Reads the text of an expression.
struct ExpressionParser {
    /// Parts within each other.
    private static let depthLimit = 64
    /// Characters of an expression.
    private static let lengthLimit = 16 * 1024

    private var tokens: ArraySlice<(ExpressionToken, Int)>
    private var depth = 0

    /// - Throws: `ExpressionError` that begins with `Syntax error`.
    static func parse(_ text: String) throws(ExpressionError) -> ExpressionNode {
        guard text.utf8.count <= lengthLimit else {
            throw ExpressionError("Syntax error: the expression is longer than \(lengthLimit) bytes", at: 0)
        }
        var lexer = ExpressionLexer(text)
        var parser = ExpressionParser(tokens: try lexer.tokens()[...])
        let node = try parser.expression()
        guard parser.token == .end else { throw parser.unexpected("<EOF>") }
        return node
    }

    private init(tokens: ArraySlice<(ExpressionToken, Int)>) { self.tokens = tokens }

    private var token: ExpressionToken { tokens.first?.0 ?? .end }
    private var place: Int { tokens.first?.1 ?? 0 }

    private mutating func take() { if tokens.count > 1 { tokens.removeFirst() } }

    private mutating func accepts(_ symbol: String) -> Bool {
        guard token == .symbol(symbol) else { return false }
        take()
        return true
    }

    private mutating func expect(_ symbol: String) throws(ExpressionError) {
        guard accepts(symbol) else { throw unexpected("'\(symbol)'") }
    }

    private func unexpected(_ wanted: String) -> ExpressionError {
        ExpressionError("Syntax error: mismatched input '\(token.text)' expecting \(wanted)", at: place)
    }

    // MARK: - Operators, the loosest first

    private mutating func expression() throws(ExpressionError) -> ExpressionNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthLimit else {
            throw ExpressionError("Syntax error: the expression is nested too deeply", at: place)
        }
        let condition = try binary(0)
        let place = place
        guard accepts("?") else { return condition }
        let yes = try binary(0)
        try expect(":")
        let no = try expression()
        return ExpressionNode(kind: .call("_?_:_", target: nil, [condition, yes, no]), place: place)
    }

    private static let operators: [[String]] = [
        ["||"], ["&&"], ["<", "<=", ">=", ">", "==", "!=", "in"], ["+", "-"], ["*", "/", "%"],
    ]

    private mutating func binary(_ level: Int) throws(ExpressionError) -> ExpressionNode {
        guard level < Self.operators.count else { return try unary() }
        var left = try binary(level + 1)
        while true {
            let word: String
            switch token {
            case .symbol(let text): word = text
            case .name("in"): word = "in"
            case .name, .int, .uint, .double, .string, .bytes, .end: return left
            }
            guard Self.operators[level].contains(word) else { return left }
            let place = place
            take()
            let right = try binary(level + 1)
            left = ExpressionNode(
                kind: .call(word == "in" ? "@in" : "_\(word)_", target: nil, [left, right]), place: place)
        }
    }

    private mutating func unary() throws(ExpressionError) -> ExpressionNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthLimit else {
            throw ExpressionError("Syntax error: the expression is nested too deeply", at: place)
        }
        let place = place
        if accepts("!") { return ExpressionNode(kind: .call("!_", target: nil, [try unary()]), place: place) }
        if accepts("-") {
            switch token {
            case .int(let value) where value == .min || value >= 0:
                take()
                let literal = ExpressionNode(kind: .literal(.int(value == .min ? value : -value)), place: place)
                return try members(of: literal)
            case .double(let value):
                take()
                return try members(of: ExpressionNode(kind: .literal(.double(-value)), place: place))
            case .name, .int, .uint, .string, .bytes, .symbol, .end:
                return ExpressionNode(kind: .call("-_", target: nil, [try unary()]), place: place)
            }
        }
        return try members(of: try primary())
    }

    // MARK: - Members and calls

    private mutating func members(of start: ExpressionNode) throws(ExpressionError) -> ExpressionNode {
        var node = start
        while true {
            let place = place
            if accepts(".") {
                let isOptional = accepts("?")
                guard case .name(let name) = token else { throw unexpected("IDENTIFIER") }
                take()
                if !isOptional, accepts("(") {
                    node = try method(name, of: node, try arguments(until: ")"), at: place)
                } else {
                    node = ExpressionNode(kind: .member(node, name, isOptional: isOptional), place: place)
                }
            } else if accepts("[") {
                let isOptional = accepts("?")
                let key = try expression()
                try expect("]")
                node = ExpressionNode(
                    kind: .call(isOptional ? "_[?_]" : "_[_]", target: nil, [node, key]), place: place)
            } else {
                return node
            }
        }
    }

    private mutating func arguments(until end: String) throws(ExpressionError) -> [ExpressionNode] {
        var arguments: [ExpressionNode] = []
        while !accepts(end) {
            arguments.append(try expression())
            if accepts(end) { break }
            try expect(",")
        }
        return arguments
    }

    private static let reserved: Set<String> = [
        "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package",
        "namespace", "return", "var", "void", "while",
    ]

    private mutating func primary() throws(ExpressionError) -> ExpressionNode {
        let place = place
        func literal(_ value: ExpressionValue) -> ExpressionNode {
            ExpressionNode(kind: .literal(value), place: place)
        }
        switch token {
        case .int(let value):
            guard value != .min else { throw ExpressionError("invalid int literal", at: place) }
            take()
            return literal(.int(value))
        case .uint(let value):
            take()
            return literal(.uint(value))
        case .double(let value):
            take()
            return literal(.double(value))
        case .string(let value):
            take()
            return literal(.string(value))
        case .bytes(let value):
            take()
            return literal(.bytes(value))
        case .name(let name):
            guard name != "in", !Self.reserved.contains(name) else {
                throw ExpressionError("Syntax error: reserved identifier: \(name)", at: place)
            }
            take()
            switch name {
            case "true": return literal(.bool(true))
            case "false": return literal(.bool(false))
            case "null": return literal(.null)
            default: break
            }
            guard accepts("(") else { return ExpressionNode(kind: .name(name), place: place) }
            return try function(name, try arguments(until: ")"), at: place)
        case .symbol("("):
            take()
            let node = try expression()
            try expect(")")
            return node
        case .symbol("["):
            take()
            return ExpressionNode(kind: .list(try arguments(until: "]")), place: place)
        case .symbol("{"):
            take()
            return ExpressionNode(kind: .map(try entries()), place: place)
        case .symbol("."):
            take()
            return try primary()
        case .symbol, .end: throw unexpected("an operand")
        }
    }

    private mutating func entries() throws(ExpressionError) -> [ExpressionNode.Entry] {
        var entries: [ExpressionNode.Entry] = []
        while !accepts("}") {
            let key = try expression()
            try expect(":")
            entries.append(ExpressionNode.Entry(key: key, value: try expression()))
            if accepts("}") { break }
            try expect(",")
        }
        return entries
    }

    // MARK: - Macros

    private func function(
        _ name: String, _ arguments: [ExpressionNode], at place: Int
    ) throws(ExpressionError) -> ExpressionNode {
        guard name == "has", arguments.count == 1 else {
            return ExpressionNode(kind: .call(name, target: nil, arguments), place: place)
        }
        guard case .member(let operand, let field, isOptional: false) = arguments[0].kind else {
            throw ExpressionError("invalid argument to has() macro", at: arguments[0].place)
        }
        return ExpressionNode(kind: .has(operand, field), place: place)
    }

    /// Calls of methods, of functions with dots in their names, and macros that look like methods.
    private func method(
        _ name: String, of target: ExpressionNode, _ arguments: [ExpressionNode], at place: Int
    ) throws(ExpressionError) -> ExpressionNode {
        if case .name(let space) = target.kind, ExpressionFunction.spaces.contains(space) {
            return ExpressionNode(kind: .call("\(space).\(name)", target: nil, arguments), place: place)
        }
        let loop = ExpressionNode.Loop(rawValue: name == "existsOne" ? "exists_one" : name)
        if let loop, let variables = Self.variables(of: loop, arguments) {
            let names = try arguments.prefix(variables).map { (node) throws(ExpressionError) in
                guard case .name(let name) = node.kind else {
                    throw ExpressionError("argument must be a simple name", at: node.place)
                }
                return name
            }
            return ExpressionNode(
                kind: .loop(loop, over: target, variables: names, Array(arguments.dropFirst(variables))), place: place)
        }
        if name == "optMap" || name == "optFlatMap", arguments.count == 2, case .name(let variable) = arguments[0].kind
        {
            return ExpressionNode(
                kind: .optionalMap(target, variable: variable, arguments[1], isFlat: name == "optFlatMap"), place: place
            )
        }
        return ExpressionNode(kind: .call(name, target: target, arguments), place: place)
    }

    /// How many of a macro's arguments are names of variables; `nil` where it is none.
    private static func variables(of loop: ExpressionNode.Loop, _ arguments: [ExpressionNode]) -> Int? {
        switch (loop, arguments.count) {
        case (.all, 2), (.exists, 2), (.existsOne, 2), (.filter, 2), (.map, 2), (.map, 3): 1
        case (.all, 3), (.exists, 3), (.existsOne, 3), (.transformList, 3), (.transformList, 4), (.transformMap, 3),
            (.transformMap, 4):
            2
        case (.all, _), (.exists, _), (.existsOne, _), (.filter, _), (.map, _), (.transformList, _), (.transformMap, _):
            nil
        }
    }
}
