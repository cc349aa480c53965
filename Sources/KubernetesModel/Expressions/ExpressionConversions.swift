/// Functions that make values of one type of values of another, and those of times and quantities.
enum ExpressionConversions {
    static let all: [ExpressionFunction] = conversions + times + quantities + optionals

    /// A value as `string()` writes it; `nil` for what has no text.
    static func text(_ value: ExpressionValue) -> String? {
        switch value {
        case .string(let text), .type(let text): text
        case .int(let value): String(value)
        case .uint(let value): String(value)
        case .double(let value): value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
        case .bool(let value): String(value)
        case .timestamp(let seconds): Timestamp.text(Int(seconds))
        case .duration(let span): ExpressionDuration.text(span)
        case .bytes(let bytes): String(validating: bytes, as: UTF8.self)
        case .null, .list, .map, .object, .array, .optional, .quantity: nil
        }
    }

    private static func refused(_ value: ExpressionValue, _ type: String) -> ExpressionError {
        ExpressionError("type conversion error from '\(value.typeName)' to '\(type)'")
    }

    private static func convert(
        _ name: String, _ type: ExpressionType, from: [ExpressionType],
        _ convert: @escaping @Sendable (ExpressionValue) -> ExpressionValue?
    ) -> [ExpressionFunction] {
        from.map { source in
            .function(name, [source], type) { (values) throws(ExpressionError) in
                guard let value = convert(values[0]) else { throw refused(values[0], name) }
                return value
            }
        }
    }

    private static let conversions: [ExpressionFunction] =
        convert("int", .int, from: [.int, .uint, .double, .string, .timestamp, .duration]) { value in
            switch value {
            case .int: value
            case .uint(let number): Int64(exactly: number).map { .int($0) }
            case .double(let number): Int64(exactly: number.rounded(.towardZero)).map { .int($0) }
            case .string(let text): Int64(text).map { .int($0) }
            case .timestamp(let seconds): .int(seconds)
            case .duration(let span): .int(span)
            case .null, .bool, .bytes, .list, .map, .object, .array, .type, .optional, .quantity: nil
            }
        }
        + convert("uint", .uint, from: [.int, .uint, .double, .string]) { value in
            switch value {
            case .uint: value
            case .int(let number): UInt64(exactly: number).map { .uint($0) }
            case .double(let number): UInt64(exactly: number.rounded(.towardZero)).map { .uint($0) }
            case .string(let text): UInt64(text).map { .uint($0) }
            case .null, .bool, .bytes, .list, .map, .object, .array, .type, .timestamp, .duration, .optional, .quantity:
                nil
            }
        }
        + convert("double", .double, from: [.int, .uint, .double, .string]) { value in
            (value.string.flatMap { Double($0) } ?? value.number).map { .double($0) }
        }
        + convert(
            "string", .string, from: [.string, .int, .uint, .double, .bool, .bytes, .timestamp, .duration, .dynamic]
        ) { text($0).map { .string($0) } }
        + convert("bytes", .bytes, from: [.string, .bytes]) { value in
            value.string.map { .bytes(Array($0.utf8)) } ?? value
        }
        + convert("bool", .bool, from: [.bool, .string]) { value in
            switch value {
            case .bool: value
            case .string("true"), .string("True"), .string("TRUE"), .string("1"), .string("t"): .bool(true)
            case .string("false"), .string("False"), .string("FALSE"), .string("0"), .string("f"): .bool(false)
            case .string, .null, .int, .uint, .double, .bytes, .list, .map, .object, .array, .type, .timestamp,
                .duration,
                .optional, .quantity:
                nil
            }
        } + [
            .function("dyn", [.dynamic], .dynamic) { $0[0] },
            .function("type", [.dynamic], .type) { .type($0[0].typeName) },
        ]

    // MARK: - Times

    /// Calendar fields, as offsets into `2006-01-02T15:04:05Z`, with what is taken off.
    private static let fields: [(String, Range<Int>, Int64)] = [
        ("getFullYear", 0..<4, 0), ("getMonth", 5..<7, 1), ("getDate", 8..<10, 0), ("getDayOfMonth", 8..<10, 1),
        ("getHours", 11..<13, 0), ("getMinutes", 14..<16, 0), ("getSeconds", 17..<19, 0),
    ]
    private static let spans: [(String, Int64)] = [
        ("getHours", 3_600_000_000_000), ("getMinutes", 60_000_000_000), ("getSeconds", 1_000_000_000),
        ("getMilliseconds", 1_000_000),
    ]

    private static let times: [ExpressionFunction] =
        convert("timestamp", .timestamp, from: [.string, .int, .timestamp]) { value in
            switch value {
            case .timestamp: value
            case .int(let seconds): .timestamp(seconds)
            case .string(let text): Timestamp.seconds(text).map { .timestamp(Int64($0)) }
            case .null, .bool, .uint, .double, .bytes, .list, .map, .object, .array, .type, .duration, .optional,
                .quantity:
                nil
            }
        }
        + convert("duration", .duration, from: [.string, .duration]) { value in
            guard let text = value.string else { return value }
            return ExpressionDuration.nanoseconds(text).map { .duration($0) }
        }
        + fields.map { name, range, offset in
            .method(name, [.timestamp], .int) { values in
                let digits = Array((text(values[0]) ?? "").utf8)
                guard digits.count >= range.upperBound else { return .int(0) }
                return .int((Int64(String(decoding: digits[range], as: UTF8.self)) ?? 0) - offset)
            }
        }
        + spans.map { name, unit in
            .method(name, [.duration], .int) { values in
                guard case .duration(let span) = values[0] else { return .int(0) }
                return .int(span / unit)
            }
        }

    // MARK: - Quantities

    private static func quantity(_ value: ExpressionValue) -> Quantity {
        if case .quantity(let quantity) = value { quantity } else { Quantity(0) }
    }

    private static let quantities: [ExpressionFunction] = [
        .function("quantity", [.string], .quantity) { (values) throws(ExpressionError) in
            guard let quantity = try? Quantity(values[0].string ?? "") else {
                throw ExpressionError("unable to parse quantity's suffix")
            }
            return .quantity(quantity)
        },
        .function("isQuantity", [.string], .bool) { .bool((try? Quantity($0[0].string ?? "")) != nil) },
        .method("isLessThan", [.quantity, .quantity], .bool) { .bool(quantity($0[0]) < quantity($0[1])) },
        .method("isGreaterThan", [.quantity, .quantity], .bool) { .bool(quantity($0[1]) < quantity($0[0])) },
        .method("compareTo", [.quantity, .quantity], .int) {
            .int(quantity($0[0]) < quantity($0[1]) ? -1 : quantity($0[0]) == quantity($0[1]) ? 0 : 1)
        },
        .method("add", [.quantity, .quantity], .quantity) { .quantity(quantity($0[0]) + quantity($0[1])) },
        .method("sub", [.quantity, .quantity], .quantity) { .quantity(quantity($0[0]) - quantity($0[1])) },
        .method("add", [.quantity, .int], .quantity) { .quantity(quantity($0[0]) + Quantity(Int($0[1].int ?? 0))) },
        .method("sub", [.quantity, .int], .quantity) { .quantity(quantity($0[0]) - Quantity(Int($0[1].int ?? 0))) },
        .method("sign", [.quantity], .int) {
            .int(quantity($0[0]).isNegative ? -1 : quantity($0[0]).isZero ? 0 : 1)
        },
        .method("isInteger", [.quantity], .bool) {
            .bool(Quantity(quantity($0[0]).value) == quantity($0[0]))
        },
        .method("asInteger", [.quantity], .int) { .int(Int64(quantity($0[0]).value)) },
        .method("asApproximateFloat", [.quantity], .double) { .double(Double(quantity($0[0]).milliValue) / 1000) },
    ]

    // MARK: - Optional values

    private static func content(_ value: ExpressionValue) -> ExpressionValue? {
        if case .optional(let content) = value { content } else { value }
    }

    private static let optionals: [ExpressionFunction] = [
        .function("optional.of", [.dynamic], .optional(.dynamic)) { .optional($0[0]) },
        .function("optional.none", [], .optional(.dynamic)) { _ in .optional(nil) },
        .function("optional.ofNonZeroValue", [.dynamic], .optional(.dynamic)) { values in
            let zeros: [ExpressionValue] = [
                .null, .bool(false), .int(0), .string(""), .list([]), .map([:]), .bytes([]),
            ]
            return .optional(zeros.contains(values[0]) ? nil : values[0])
        },
        .method("hasValue", [.optional(.dynamic)], .bool) { .bool(content($0[0]) != nil) },
        .method("value", [.optional(.dynamic)], .dynamic) { (values) throws(ExpressionError) in
            guard let value = content(values[0]) else { throw ExpressionError("optional.none() dereference") }
            return value
        },
        .method("orValue", [.optional(.dynamic), .dynamic], .dynamic) { content($0[0]) ?? $0[1] },
        .method("or", [.optional(.dynamic), .optional(.dynamic)], .optional(.dynamic)) {
            content($0[0]) != nil ? $0[0] : $0[1]
        },
    ]
}
