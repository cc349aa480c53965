extension JSON {
    /// Parses one JSON text (RFC 8259): UTF-8, no byte order mark, no duplicate keys, nothing after the value.
    ///
    /// - Throws: `JSONError` with the byte at which it stopped.
    public init(parsing bytes: some Collection<UInt8>, limits: JSONLimits = .standard) throws(JSONError) {
        let result: Result<JSON, JSONError>? = bytes.withContiguousStorageIfAvailable { buffer in
            var parser = JSONParser(buffer, limits: limits)
            return parser.parse()
        }
        if let result {
            self = try result.get()
        } else {
            let result: Result<JSON, JSONError> = Array(bytes).withUnsafeBufferPointer { buffer in
                var parser = JSONParser(buffer, limits: limits)
                return parser.parse()
            }
            self = try result.get()
        }
    }

    /// Parses one JSON text in which keys may come twice, as Kubernetes' decoder does: the last wins.
    ///
    /// - Parameter duplicates: gets the path of each key that came again, such as `spec.containers[0].name`.
    public init(
        parsing bytes: some Collection<UInt8>, limits: JSONLimits = .standard, duplicates: inout [String]
    ) throws(JSONError) {
        func parse(_ buffer: UnsafeBufferPointer<UInt8>) -> (Result<JSON, JSONError>, [String]) {
            var parser = JSONParser(buffer, limits: limits)
            parser.allowsDuplicates = true
            let result = parser.parse()
            return (result, parser.duplicates)
        }
        let (result, found) =
            bytes.withContiguousStorageIfAvailable(parse) ?? Array(bytes).withUnsafeBufferPointer(parse)
        duplicates += found
        self = try result.get()
    }

    /// Parses one JSON text held in a string.
    public init(parsing text: String, limits: JSONLimits = .standard) throws(JSONError) {
        try self.init(parsing: Array(text.utf8), limits: limits)
    }
}

/// A recursive parser over bytes that somebody else keeps alive; depth is bounded by the limits.
struct JSONParser {
    private let bytes: UnsafeBufferPointer<UInt8>
    private let limits: JSONLimits
    private var at = 0
    private var values = 0
    var allowsDuplicates = false
    private(set) var duplicates: [String] = []
    private enum Step {
        case key(String)
        case index(Int)
    }

    /// Where the parser is, kept only where duplicates are allowed.
    private var path: [Step] = []

    /// Such as `spec.containers[0].name`.
    private var pathText: String {
        path.reduce(into: "") { text, step in
            switch step {
            case .key(let key): text += text.isEmpty ? key : ".\(key)"
            case .index(let index): text += "[\(index)]"
            }
        }
    }

    init(_ bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    mutating func parse() -> Result<JSON, JSONError> {
        do throws(JSONError) {
            guard bytes.count <= limits.bytes else {
                throw JSONError(.limit, "the text has \(bytes.count) bytes, over the limit of \(limits.bytes)")
            }
            skipSpace()
            let value = try value(depth: 0)
            skipSpace()
            guard at == bytes.count else { throw fail(.syntax, "text after the end of the value") }
            return .success(value)
        } catch {
            return .failure(error)
        }
    }

    private func fail(_ code: JSONError.Code, _ message: String) -> JSONError {
        JSONError(code, message, offset: at)
    }

    @inline(__always) private var current: UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func skipSpace() {
        while at < bytes.count {
            switch bytes[at] {
            case 0x20, 0x0A, 0x0D, 0x09: at += 1
            default: return
            }
        }
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSON {
        values += 1
        guard values <= limits.values else { throw fail(.limit, "more than \(limits.values) values") }
        guard let byte = current else { throw fail(.syntax, "the text ends where a value should be") }
        switch byte {
        case UInt8(ascii: "{"): return try object(depth: depth + 1)
        case UInt8(ascii: "["): return try array(depth: depth + 1)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"):
            try literal("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try literal("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try literal("null")
            return .null
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
        default: throw fail(.syntax, "no value starts with this byte")
        }
    }

    private mutating func literal(_ word: StaticString) throws(JSONError) {
        let end = at + word.utf8CodeUnitCount
        guard end <= bytes.count else { throw fail(.syntax, "the text ends within \(word)") }
        for place in 0..<word.utf8CodeUnitCount where bytes[at + place] != word.utf8Start[place] {
            throw fail(.syntax, "expected \(word)")
        }
        at = end
    }

    private mutating func enter(_ depth: Int) throws(JSONError) {
        guard depth <= limits.depth else { throw fail(.limit, "deeper than \(limits.depth) levels") }
        at += 1
        skipSpace()
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSON {
        try enter(depth)
        var object = JSONObject()
        if current == UInt8(ascii: "}") {
            at += 1
            return .object(object)
        }
        while true {
            guard current == UInt8(ascii: "\"") else { throw fail(.syntax, "expected a member's name") }
            let start = at
            let key = try string()
            let isDuplicate = object.contains(key)
            if isDuplicate, !allowsDuplicates {
                at = start
                throw fail(.duplicateKey, "the key \"\(key.prefix(64))\" appears twice")
            }
            skipSpace()
            guard current == UInt8(ascii: ":") else { throw fail(.syntax, "expected ':' after a member's name") }
            at += 1
            skipSpace()
            if allowsDuplicates { path.append(.key(key)) }
            if isDuplicate {
                if duplicates.count < 100 { duplicates.append(pathText) }
                object[key] = try value(depth: depth)
            } else {
                object.append(key, try value(depth: depth))
            }
            if allowsDuplicates { path.removeLast() }
            skipSpace()
            switch current {
            case UInt8(ascii: ","):
                at += 1
                skipSpace()
            case UInt8(ascii: "}"):
                at += 1
                return .object(object)
            default: throw fail(.syntax, "expected ',' or '}' in an object")
            }
        }
    }

    private mutating func array(depth: Int) throws(JSONError) -> JSON {
        try enter(depth)
        var elements: [JSON] = []
        if current == UInt8(ascii: "]") {
            at += 1
            return .array(elements)
        }
        while true {
            if allowsDuplicates { path.append(.index(elements.count)) }
            elements.append(try value(depth: depth))
            if allowsDuplicates { path.removeLast() }
            skipSpace()
            switch current {
            case UInt8(ascii: ","):
                at += 1
                skipSpace()
            case UInt8(ascii: "]"):
                at += 1
                return .array(elements)
            default: throw fail(.syntax, "expected ',' or ']' in an array")
            }
        }
    }

    private mutating func digits() throws(JSONError) {
        let start = at
        while let byte = current, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { at += 1 }
        guard at > start else { throw fail(.syntax, "expected a digit") }
    }

    private mutating func number() throws(JSONError) -> JSONNumber {
        let start = at
        if current == UInt8(ascii: "-") { at += 1 }
        if current == UInt8(ascii: "0") { at += 1 } else { try digits() }
        if current == UInt8(ascii: ".") {
            at += 1
            try digits()
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            at += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { at += 1 }
            try digits()
        }
        guard at - start <= 1024 else { throw fail(.limit, "a number of more than 1024 characters") }
        return JSONNumber(checked: String(decoding: bytes[start..<at], as: UTF8.self))
    }

    private mutating func string() throws(JSONError) -> String {
        at += 1
        let start = at
        // Most strings have no escape: take them in one piece.
        while at < bytes.count {
            let byte = bytes[at]
            if byte == UInt8(ascii: "\"") {
                let text = try text(bytes[start..<at])
                at += 1
                return text
            }
            if byte == UInt8(ascii: "\\") { break }
            guard byte >= 0x20 else { throw fail(.syntax, "a control character within a string must be escaped") }
            at += 1
        }
        var unescaped = Array(bytes[start..<at])
        while at < bytes.count {
            let byte = bytes[at]
            switch byte {
            case UInt8(ascii: "\""):
                let text = try self.text(unescaped)
                at += 1
                return text
            case UInt8(ascii: "\\"):
                at += 1
                try escape(into: &unescaped)
            case 0..<0x20:
                throw fail(.syntax, "a control character within a string must be escaped")
            default:
                unescaped.append(byte)
                at += 1
            }
        }
        throw fail(.syntax, "the text ends within a string")
    }

    private func text(_ slice: some Collection<UInt8>) throws(JSONError) -> String {
        guard let text = String(validating: slice, as: UTF8.self) else {
            throw fail(.text, "a string that is not UTF-8 ends here")
        }
        return text
    }

    private mutating func escape(into unescaped: inout [UInt8]) throws(JSONError) {
        guard let byte = current else { throw fail(.syntax, "the text ends within an escape") }
        at += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): unescaped.append(byte)
        case UInt8(ascii: "b"): unescaped.append(0x08)
        case UInt8(ascii: "f"): unescaped.append(0x0C)
        case UInt8(ascii: "n"): unescaped.append(0x0A)
        case UInt8(ascii: "r"): unescaped.append(0x0D)
        case UInt8(ascii: "t"): unescaped.append(0x09)
        case UInt8(ascii: "u"):
            let first = try hexUnit()
            var point = UInt32(first)
            if (0xD800..<0xDC00).contains(first) {
                guard current == UInt8(ascii: "\\"), at + 1 < bytes.count, bytes[at + 1] == UInt8(ascii: "u") else {
                    throw fail(.text, "half of a surrogate pair")
                }
                at += 2
                let second = try hexUnit()
                guard (0xDC00..<0xE000).contains(second) else { throw fail(.text, "half of a surrogate pair") }
                point = 0x10000 + (UInt32(first) - 0xD800) << 10 + (UInt32(second) - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(point) else { throw fail(.text, "half of a surrogate pair") }
            unescaped.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        default: throw fail(.syntax, "no such escape")
        }
    }

    private mutating func hexUnit() throws(JSONError) -> UInt16 {
        guard at + 4 <= bytes.count else { throw fail(.syntax, "the text ends within an escape") }
        var unit: UInt16 = 0
        for place in at..<at + 4 {
            let byte = bytes[place]
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: throw fail(.syntax, "expected four hexadecimal digits")
            }
            unit = unit << 4 | UInt16(digit)
        }
        at += 4
        return unit
    }
}
