import JSONTree

/// What an expression comes to.
indirect enum ExpressionValue: Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case uint(UInt64)
    case double(Double)
    case string(String)
    case bytes([UInt8])
    case list([ExpressionValue])
    case map([ExpressionValue: ExpressionValue])
    /// A part of an object, whose members are looked at only when they are asked for.
    case object(JSONObject, Schema?)
    case array([JSON], Schema?)
    case type(String)
    /// Seconds since 1970.
    case timestamp(Int64)
    /// Nanoseconds.
    case duration(Int64)
    case optional(ExpressionValue?)
    case quantity(Quantity)

    /// A value of an object, read by its schema.
    init(_ json: JSON, _ schema: Schema?) {
        switch json {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .number(let number):
            if schema?.kind != .number, let value = number.int {
                self = .int(Int64(value))
            } else {
                self = .double(number.double)
            }
        case .string(let text): self = Self.text(text, schema)
        case .array(let elements): self = .array(elements, schema?.items)
        case .object(let object): self = .object(object, schema)
        }
    }

    private static func text(_ text: String, _ schema: Schema?) -> ExpressionValue {
        switch schema?.kind == .string ? schema?.format ?? "" : "" {
        case "date-time", "datetime": Timestamp.seconds(text).map { .timestamp(Int64($0)) } ?? .string(text)
        case "date": Timestamp.seconds("\(text)T00:00:00Z").map { .timestamp(Int64($0)) } ?? .string(text)
        case "duration": ExpressionDuration.nanoseconds(text).map { .duration($0) } ?? .string(text)
        case "byte": Base64Text.decode(text).map { .bytes($0) } ?? .string(text)
        default: .string(text)
        }
    }

    /// As messages call it.
    var typeName: String {
        switch self {
        case .null: "null_type"
        case .bool: "bool"
        case .int: "int"
        case .uint: "uint"
        case .double: "double"
        case .string: "string"
        case .bytes: "bytes"
        case .list, .array: "list"
        case .map: "map"
        case .object: "map"
        case .type: "type"
        case .timestamp: "google.protobuf.Timestamp"
        case .duration: "google.protobuf.Duration"
        case .optional: "optional_type"
        case .quantity: "kubernetes.Quantity"
        }
    }

    /// The elements of a list; `nil` for everything else.
    var elements: [ExpressionValue]? {
        switch self {
        case .list(let elements): elements
        case .array(let elements, let schema): elements.map { ExpressionValue($0, schema) }
        case .null, .bool, .int, .uint, .double, .string, .bytes, .map, .object, .type, .timestamp, .duration,
            .optional, .quantity:
            nil
        }
    }

    /// The entries of a map, in an order that does not change; `nil` for everything else.
    var entries: [(key: ExpressionValue, value: ExpressionValue)]? {
        switch self {
        case .map(let map): map.sorted { "\($0.key)" < "\($1.key)" }.map { ($0.key, $0.value) }
        case .object(let object, let schema):
            object.map { (.string($0.key), ExpressionValue($0.value, schema?.member($0.key))) }
        case .null, .bool, .int, .uint, .double, .string, .bytes, .list, .array, .type, .timestamp, .duration,
            .optional,
            .quantity:
            nil
        }
    }

    var string: String? { if case .string(let text) = self { text } else { nil } }
    var int: Int64? { if case .int(let value) = self { value } else { nil } }
    var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

    /// Any number, for comparisons.
    var number: Double? {
        switch self {
        case .int(let value): Double(value)
        case .uint(let value): Double(value)
        case .double(let value): value
        case .null, .bool, .string, .bytes, .list, .map, .object, .array, .type, .timestamp, .duration, .optional,
            .quantity:
            nil
        }
    }
}

extension ExpressionValue: Hashable {
    /// Numbers are equal across types, lists and maps element by element.
    static func == (left: ExpressionValue, right: ExpressionValue) -> Bool {
        switch (left, right) {
        case (.null, .null): return true
        case (.bool(let a), .bool(let b)): return a == b
        case (.int(let a), .int(let b)): return a == b
        case (.uint(let a), .uint(let b)): return a == b
        case (.string(let a), .string(let b)): return a == b
        case (.bytes(let a), .bytes(let b)): return a == b
        case (.type(let a), .type(let b)): return a == b
        case (.timestamp(let a), .timestamp(let b)), (.duration(let a), .duration(let b)): return a == b
        case (.optional(let a), .optional(let b)): return a == b
        case (.quantity(let a), .quantity(let b)): return a == b
        case (_, _): break
        }
        if let a = left.number, let b = right.number { return a == b }
        if let a = left.elements, let b = right.elements { return a == b }
        guard let a = left.entries, let b = right.entries, a.count == b.count else { return false }
        var others: [ExpressionValue: ExpressionValue] = [:]
        for (key, value) in b { others[key] = value }
        return a.allSatisfy { others[$0.key] == $0.value }
    }

    func hash(into hasher: inout Hasher) {
        if let number {
            hasher.combine(number)
        } else if let elements {
            hasher.combine(elements.count)
        } else if let entries {
            hasher.combine(entries.count)
        } else {
            switch self {
            case .bool(let value): hasher.combine(value)
            case .string(let text), .type(let text): hasher.combine(text)
            case .bytes(let bytes): hasher.combine(bytes)
            case .timestamp(let value), .duration(let value): hasher.combine(value)
            case .quantity(let quantity): hasher.combine(quantity)
            case .null, .int, .uint, .double, .list, .map, .object, .array, .optional: hasher.combine(0)
            }
        }
    }
}

/// Durations as Go writes them: `1h30m`, `1.5s`.
enum ExpressionDuration {
    private static let units: [(String, Double)] = [
        ("ns", 1), ("us", 1e3), ("µs", 1e3), ("μs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 6e10), ("h", 3.6e12),
    ]

    static func nanoseconds(_ text: String) -> Int64? {
        var rest = text[...]
        let isNegative = rest.first == "-"
        if isNegative || rest.first == "+" { rest.removeFirst() }
        if rest == "0" { return 0 }
        guard !rest.isEmpty else { return nil }
        var total = 0.0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isNumber || $0 == "." }
            rest = rest.dropFirst(digits.count)
            let name = rest.prefix { !$0.isNumber && $0 != "." }
            guard let number = Double(digits), let unit = units.first(where: { $0.0 == name }) else { return nil }
            total += number * unit.1
            rest = rest.dropFirst(name.count)
        }
        guard total < 9.2e18 else { return nil }
        return Int64(isNegative ? -total : total)
    }

    static func text(_ nanoseconds: Int64) -> String {
        let seconds = Double(nanoseconds) / 1e9
        return seconds == seconds.rounded() ? "\(Int64(seconds))s" : "\(seconds)s"
    }
}
