/// A word of an expression.
enum ExpressionToken: Sendable, Hashable {
    case name(String)
    case int(Int64)
    case uint(UInt64)
    case double(Double)
    case string(String)
    case bytes([UInt8])
    /// Operators and brackets.
    case symbol(String)
    case end

    /// As messages show it.
    var text: String {
        switch self {
        case .name(let text), .symbol(let text): text
        case .int(let value): "\(value)"
        case .uint(let value): "\(value)u"
        case .double(let value): "\(value)"
        case .string(let text): "\"\(text)\""
        case .bytes: "bytes"
        case .end: "<EOF>"
        }
    }
}

/// Splits the text of an expression into its words.
struct ExpressionLexer {
    private let text: [Unicode.Scalar]
    private var place = 0

    init(_ text: String) { self.text = Array(text.unicodeScalars) }

    /// All words with their places, the last of which is the end.
    mutating func tokens() throws(ExpressionError) -> [(ExpressionToken, Int)] {
        var tokens: [(ExpressionToken, Int)] = []
        while true {
            skipBlanks()
            let start = place
            let token = try next()
            tokens.append((token, start))
            if token == .end { return tokens }
        }
    }

    private func peek(_ distance: Int = 0) -> Unicode.Scalar? {
        place + distance < text.count ? text[place + distance] : nil
    }

    private mutating func skipBlanks() {
        while let scalar = peek() {
            if scalar.properties.isWhitespace {
                place += 1
            } else if scalar == "/", peek(1) == "/" {
                while let scalar = peek(), scalar != "\n" {
                    _ = scalar
                    place += 1
                }
            } else {
                return
            }
        }
    }

    private static func isDigit(_ scalar: Unicode.Scalar?) -> Bool {
        guard let scalar else { return false }
        return ("0"..."9").contains(scalar)
    }

    private static func isLetter(_ scalar: Unicode.Scalar?) -> Bool {
        guard let scalar else { return false }
        return ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || scalar == "_"
    }

    private mutating func next() throws(ExpressionError) -> ExpressionToken {
        guard let scalar = peek() else { return .end }
        if Self.isDigit(scalar) || (scalar == "." && Self.isDigit(peek(1))) { return try number() }
        if let quoted = try string() { return quoted }
        if Self.isLetter(scalar) {
            let start = place
            while Self.isLetter(peek()) || Self.isDigit(peek()) { place += 1 }
            return .name(String(String.UnicodeScalarView(text[start..<place])))
        }
        for length in [2, 1] where place + length <= text.count {
            let symbol = String(String.UnicodeScalarView(text[place..<(place + length)]))
            if Self.symbols.contains(symbol) {
                place += length
                return .symbol(symbol)
            }
        }
        throw ExpressionError("Syntax error: token recognition error at: '\(scalar)'", at: place)
    }

    private static let symbols: Set<String> = [
        "==", "!=", "<=", ">=", "&&", "||", "<", ">", "!", "+", "-", "*", "/", "%", "?", ":", ".", ",", "(", ")", "[",
        "]",
        "{", "}",
    ]

    // MARK: - Numbers

    private mutating func number() throws(ExpressionError) -> ExpressionToken {
        let start = place
        func taken() -> String { String(String.UnicodeScalarView(text[start..<place])) }
        if peek() == "0", peek(1) == "x" || peek(1) == "X" {
            place += 2
            while let scalar = peek(), scalar.properties.isASCIIHexDigit { place += 1 }
            return try whole(String(taken().dropFirst(2)), radix: 16, at: start)
        }
        var isDouble = false
        while Self.isDigit(peek()) { place += 1 }
        if peek() == ".", Self.isDigit(peek(1)) {
            isDouble = true
            place += 1
            while Self.isDigit(peek()) { place += 1 }
        }
        if peek() == "e" || peek() == "E" {
            let sign = peek(1) == "+" || peek(1) == "-" ? 2 : 1
            if Self.isDigit(peek(sign)) {
                isDouble = true
                place += sign
                while Self.isDigit(peek()) { place += 1 }
            }
        }
        guard isDouble else { return try whole(taken(), radix: 10, at: start) }
        guard let value = Double(taken()) else { throw ExpressionError("invalid double literal", at: start) }
        return .double(value)
    }

    private mutating func whole(_ digits: String, radix: Int, at start: Int) throws(ExpressionError) -> ExpressionToken
    {
        if peek() == "u" || peek() == "U" {
            place += 1
            guard let value = UInt64(digits, radix: radix) else {
                throw ExpressionError("invalid uint literal", at: start)
            }
            return .uint(value)
        }
        // The least whole number is written as the negative of one that is too large by one.
        if digits == "9223372036854775808" { return .int(.min) }
        guard let value = Int64(digits, radix: radix) else { throw ExpressionError("invalid int literal", at: start) }
        return .int(value)
    }

    // MARK: - Texts

    /// A text in quotes, with the letters before it that say what it is; `nil` where none begins here.
    private mutating func string() throws(ExpressionError) -> ExpressionToken? {
        let start = place
        var length = 0
        var isRaw = false
        var isBytes = false
        while let scalar = peek(length), length < 2 {
            if (scalar == "r" || scalar == "R") && !isRaw {
                isRaw = true
            } else if (scalar == "b" || scalar == "B") && !isBytes {
                isBytes = true
            } else {
                break
            }
            length += 1
        }
        guard let quote = peek(length), quote == "\"" || quote == "'" else { return nil }
        place += length + 1
        let isLong = peek() == quote && peek(1) == quote
        if isLong { place += 2 }
        var value = String.UnicodeScalarView()
        while let scalar = peek() {
            if scalar == quote, !isLong || (peek(1) == quote && peek(2) == quote) {
                place += isLong ? 3 : 1
                let text = String(value)
                return isBytes ? .bytes(Array(text.utf8)) : .string(text)
            }
            guard isLong || scalar != "\n" else { break }
            place += 1
            guard scalar == "\\", !isRaw else {
                value.append(scalar)
                continue
            }
            value.append(try escaped(at: start))
        }
        throw ExpressionError("Syntax error: token recognition error: the text has no end", at: start)
    }

    private mutating func escaped(at start: Int) throws(ExpressionError) -> Unicode.Scalar {
        let simple: [Unicode.Scalar: Unicode.Scalar] = [
            "n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", "\"": "\"", "`": "`", "?": "?", "a": "\u{7}",
            "b": "\u{8}", "f": "\u{C}", "v": "\u{B}",
        ]
        guard let scalar = peek() else { throw ExpressionError("Syntax error: a text ends with '\\'", at: start) }
        place += 1
        if let known = simple[scalar] { return known }
        let (count, radix): (Int, Int) =
            switch scalar {
            case "x", "X": (2, 16)
            case "u": (4, 16)
            case "U": (8, 16)
            case "0", "1", "2", "3":
                (3, 8)
            default: (0, 0)
            }
        if radix == 8 { place -= 1 }
        guard count > 0, place + count <= text.count else {
            throw ExpressionError("Syntax error: unknown escape '\\\(scalar)'", at: start)
        }
        let digits = String(String.UnicodeScalarView(text[place..<(place + count)]))
        guard let number = UInt32(digits, radix: radix), let value = Unicode.Scalar(number) else {
            throw ExpressionError("Syntax error: unknown escape '\\\(scalar)\(digits)'", at: start)
        }
        place += count
        return value
    }
}
