import JSONTree

/// The operators. Those that need not look at all their operands (`&&`, `||`, `?:`) are the evaluation's own.
enum ExpressionOperators {
    private typealias Value = ExpressionValue

    static let all: [ExpressionFunction] = arithmetic + comparisons + containers

    private static func whole(
        _ name: String, _ operation: @escaping @Sendable (Int64, Int64) throws(ExpressionError) -> Int64
    ) -> ExpressionFunction {
        .function(name, [.int, .int], .int) { (values) throws(ExpressionError) in
            .int(try operation(values[0].int ?? 0, values[1].int ?? 0))
        }
    }

    private static func real(
        _ name: String, _ operation: @escaping @Sendable (Double, Double) -> Double
    ) -> ExpressionFunction {
        .function(name, [.double, .double], .double) { values in
            .double(operation(values[0].number ?? 0, values[1].number ?? 0))
        }
    }

    private static func unsigned(
        _ name: String, _ operation: @escaping @Sendable (UInt64, UInt64) -> (partialValue: UInt64, overflow: Bool)
    ) -> ExpressionFunction {
        .function(name, [.uint, .uint], .uint) { (values) throws(ExpressionError) in
            guard case .uint(let a) = values[0], case .uint(let b) = values[1] else {
                throw ExpressionFunction.noOverload
            }
            let (result, overflow) = operation(a, b)
            guard !overflow else { throw ExpressionError("unsigned integer overflow") }
            return .uint(result)
        }
    }

    private static func checked(_ result: (partialValue: Int64, overflow: Bool)) throws(ExpressionError) -> Int64 {
        guard !result.overflow else { throw ExpressionFunction.overflow }
        return result.partialValue
    }

    private static let arithmetic: [ExpressionFunction] = [
        whole("_+_") { (a, b) throws(ExpressionError) in try checked(a.addingReportingOverflow(b)) },
        whole("_-_") { (a, b) throws(ExpressionError) in try checked(a.subtractingReportingOverflow(b)) },
        whole("_*_") { (a, b) throws(ExpressionError) in try checked(a.multipliedReportingOverflow(by: b)) },
        whole("_/_") { (a, b) throws(ExpressionError) in
            guard b != 0 else { throw ExpressionError("division by zero") }
            return try checked(a.dividedReportingOverflow(by: b))
        },
        whole("_%_") { (a, b) throws(ExpressionError) in
            guard b != 0 else { throw ExpressionError("modulus by zero") }
            return try checked(a.remainderReportingOverflow(dividingBy: b))
        },
        unsigned("_+_") { $0.addingReportingOverflow($1) }, unsigned("_-_") { $0.subtractingReportingOverflow($1) },
        unsigned("_*_") { $0.multipliedReportingOverflow(by: $1) },
        unsigned("_/_") { $0.dividedReportingOverflow(by: $1) },
        unsigned("_%_") { $0.remainderReportingOverflow(dividingBy: $1) },
        real("_+_") { $0 + $1 }, real("_-_") { $0 - $1 }, real("_*_") { $0 * $1 }, real("_/_") { $0 / $1 },
        .function("_+_", [.string, .string], .string) { .string(($0[0].string ?? "") + ($0[1].string ?? "")) },
        .function("_+_", [.list(.dynamic), .list(.dynamic)], .list(.dynamic)) {
            .list(($0[0].elements ?? []) + ($0[1].elements ?? []))
        },
        .function("_+_", [.timestamp, .duration], .timestamp) { values in
            guard case .timestamp(let time) = values[0], case .duration(let span) = values[1] else { return .null }
            return .timestamp(time + span / 1_000_000_000)
        },
        .function("_-_", [.timestamp, .duration], .timestamp) { values in
            guard case .timestamp(let time) = values[0], case .duration(let span) = values[1] else { return .null }
            return .timestamp(time - span / 1_000_000_000)
        },
        .function("_-_", [.timestamp, .timestamp], .duration) { (values) throws(ExpressionError) in
            guard case .timestamp(let a) = values[0], case .timestamp(let b) = values[1] else { return .null }
            return .duration(try checked((a - b).multipliedReportingOverflow(by: 1_000_000_000)))
        },
        .function("_+_", [.duration, .duration], .duration) { (values) throws(ExpressionError) in
            guard case .duration(let a) = values[0], case .duration(let b) = values[1] else { return .null }
            return .duration(try checked(a.addingReportingOverflow(b)))
        },
        .function("_-_", [.duration, .duration], .duration) { (values) throws(ExpressionError) in
            guard case .duration(let a) = values[0], case .duration(let b) = values[1] else { return .null }
            return .duration(try checked(a.subtractingReportingOverflow(b)))
        },
        .function("-_", [.int], .int) { (values) throws(ExpressionError) in
            .int(try checked(Int64(0).subtractingReportingOverflow(values[0].int ?? 0)))
        },
        .function("-_", [.double], .double) { .double(-($0[0].number ?? 0)) },
        .function("!_", [.bool], .bool) { .bool(!($0[0].bool ?? false)) },
    ]

    /// -1, 0 or 1; `nil` for what has no order.
    static func order(_ left: ExpressionValue, _ right: ExpressionValue) -> Int? {
        func compare<T: Comparable>(_ a: T, _ b: T) -> Int { a < b ? -1 : a == b ? 0 : 1 }
        switch (left, right) {
        case (.int(let a), .int(let b)): return compare(a, b)
        case (.uint(let a), .uint(let b)): return compare(a, b)
        case (.timestamp(let a), .timestamp(let b)), (.duration(let a), .duration(let b)): return compare(a, b)
        case (.bool(let a), .bool(let b)): return compare(a ? 1 : 0, b ? 1 : 0)
        case (.quantity(let a), .quantity(let b)): return compare(a, b)
        case (.string(let a), .string(let b)):
            return a == b ? 0 : a.utf8.lexicographicallyPrecedes(b.utf8) ? -1 : 1
        case (.bytes(let a), .bytes(let b)): return a == b ? 0 : a.lexicographicallyPrecedes(b) ? -1 : 1
        case (_, _):
            guard let a = left.number, let b = right.number else { return nil }
            return compare(a, b)
        }
    }

    private static let comparisons: [ExpressionFunction] = {
        let tests: [(String, @Sendable (Int) -> Bool)] = [
            ("_<_", { $0 < 0 }), ("_<=_", { $0 <= 0 }), ("_>_", { $0 > 0 }), ("_>=_", { $0 >= 0 }),
        ]
        let ordered: [ExpressionType] = [.bool, .string, .bytes, .timestamp, .duration]
        let numbers: [ExpressionType] = [.int, .uint, .double]
        let pairs = ordered.map { ($0, $0) } + numbers.flatMap { left in numbers.map { (left, $0) } }
        return tests.flatMap { name, test in
            pairs.map { left, right in
                ExpressionFunction.function(name, [left, right], .bool) { (values) throws(ExpressionError) in
                    guard let order = order(values[0], values[1]) else { throw ExpressionFunction.noOverload }
                    return .bool(test(order))
                }
            }
        }
    }()

    private static let containers: [ExpressionFunction] = [
        .function("@in", [.dynamic, .list(.dynamic)], .bool) { .bool(($0[1].elements ?? []).contains($0[0])) },
        .function("@in", [.dynamic, .map(.dynamic, .dynamic)], .bool) { .bool(member($0[1], $0[0]) != nil) },
        .function("_[_]", [.list(.dynamic), .int], .dynamic) { (values) throws(ExpressionError) in
            guard let element = member(values[0], values[1]) else {
                throw ExpressionError("index out of bounds: \(values[1].int ?? 0)")
            }
            return element
        },
        .function("_[_]", [.map(.dynamic, .dynamic), .dynamic], .dynamic) { (values) throws(ExpressionError) in
            guard let value = member(values[0], values[1]) else {
                throw ExpressionError("no such key: \(ExpressionConversions.text(values[1]) ?? "")")
            }
            return value
        },
        .function("_[?_]", [.dynamic, .dynamic], .optional(.dynamic)) { values in
            var container = values[0]
            if case .optional(let inner) = container { container = inner ?? .null }
            return .optional(member(container, values[1]))
        },
    ]

    /// An element of a list or a map; `nil` where there is none.
    static func member(_ container: ExpressionValue, _ key: ExpressionValue) -> ExpressionValue? {
        switch container {
        case .object(let object, let schema):
            guard let name = key.string, let value = object[name] else { return nil }
            return ExpressionValue(value, schema?.member(name))
        case .map(let map): return map[key]
        case .array(let elements, let schema):
            guard let place = key.int, place >= 0, place < elements.count else { return nil }
            return ExpressionValue(elements[Int(place)], schema)
        case .list(let elements):
            guard let place = key.int, place >= 0, place < elements.count else { return nil }
            return elements[Int(place)]
        case .null, .bool, .int, .uint, .double, .string, .bytes, .type, .timestamp, .duration, .optional, .quantity:
            return nil
        }
    }
}
