import JSONTree

/// Functions of lists, maps and sets, and `size`.
enum ExpressionLists {
    static let all: [ExpressionFunction] = sizes + lists + sets

    private static func elements(_ values: [ExpressionValue], _ place: Int = 0) -> [ExpressionValue] {
        values[place].elements ?? []
    }

    @Sendable private static func size(_ values: [ExpressionValue]) throws(ExpressionError) -> ExpressionValue {
        switch values[0] {
        case .string(let text): .int(Int64(text.unicodeScalars.count))
        case .bytes(let bytes): .int(Int64(bytes.count))
        case .list(let list): .int(Int64(list.count))
        case .array(let list, _): .int(Int64(list.count))
        case .map(let map): .int(Int64(map.count))
        case .object(let object, _): .int(Int64(object.count))
        case .null, .bool, .int, .uint, .double, .type, .timestamp, .duration, .optional, .quantity:
            throw ExpressionFunction.noOverload
        }
    }

    private static let sizes: [ExpressionFunction] = {
        let sized: [ExpressionType] = [.string, .bytes, .list(.dynamic), .map(.dynamic, .dynamic)]
        return sized.flatMap { type -> [ExpressionFunction] in
            [.function("size", [type], .int, size), .method("size", [type], .int, size)]
        }
    }()

    private static func isSorted(_ list: [ExpressionValue]) -> Bool {
        zip(list, list.dropFirst()).allSatisfy { ExpressionOperators.order($0, $1) ?? 1 <= 0 }
    }

    private static func extreme(
        _ values: [ExpressionValue], _ name: String, _ sign: Int
    ) throws(ExpressionError) -> ExpressionValue {
        let list = elements(values)
        guard var best = list.first else { throw ExpressionError("\(name) called on empty list") }
        for element in list.dropFirst() where (ExpressionOperators.order(element, best) ?? 0) * sign > 0 {
            best = element
        }
        return best
    }

    private static func sum(_ list: [ExpressionValue]) throws(ExpressionError) -> ExpressionValue {
        guard var total = list.first else { return .int(0) }
        for element in list.dropFirst() {
            let addition = ExpressionFunction.all["_+_"]?.first { $0.takes([total, element]) }
            guard let addition else { throw ExpressionFunction.noOverload }
            total = try addition.call([total, element])
        }
        return total
    }

    private static let lists: [ExpressionFunction] = [
        .method("isSorted", [.list(.dynamic)], .bool) { .bool(isSorted(elements($0))) },
        .method("sum", [.list(.dynamic)], .dynamic) { (values) throws(ExpressionError) in try sum(elements(values)) },
        .method("min", [.list(.dynamic)], .dynamic) { (values) throws(ExpressionError) in
            try extreme(values, "min", -1)
        },
        .method("max", [.list(.dynamic)], .dynamic) { (values) throws(ExpressionError) in
            try extreme(values, "max", 1)
        },
        .method("indexOf", [.list(.dynamic), .dynamic], .int) {
            .int(Int64(elements($0).firstIndex(of: $0[1]) ?? -1))
        },
        .method("lastIndexOf", [.list(.dynamic), .dynamic], .int) {
            .int(Int64(elements($0).lastIndex(of: $0[1]) ?? -1))
        },
        .method("distinct", [.list(.dynamic)], .list(.dynamic)) { values in
            var seen: Set<ExpressionValue> = []
            return .list(elements(values).filter { seen.insert($0).inserted })
        },
        .method("flatten", [.list(.dynamic)], .list(.dynamic)) { values in
            .list(elements(values).flatMap { $0.elements ?? [$0] })
        },
        .method("reverse", [.list(.dynamic)], .list(.dynamic)) { .list(elements($0).reversed()) },
        .method("sort", [.list(.dynamic)], .list(.dynamic)) { values in
            .list(elements(values).sorted { ExpressionOperators.order($0, $1) ?? 0 < 0 })
        },
        .method("slice", [.list(.dynamic), .int, .int], .list(.dynamic)) { (values) throws(ExpressionError) in
            let list = elements(values)
            let (start, end) = (Int(values[1].int ?? 0), Int(values[2].int ?? 0))
            guard start >= 0, end <= list.count, start <= end else {
                throw ExpressionError("cannot slice(\(start), \(end)), list is length \(list.count)")
            }
            return .list(Array(list[start..<end]))
        },
    ]

    private static let sets: [ExpressionFunction] = [
        .function("sets.contains", [.list(.dynamic), .list(.dynamic)], .bool) { values in
            .bool(Set(elements(values)).isSuperset(of: elements(values, 1)))
        },
        .function("sets.equivalent", [.list(.dynamic), .list(.dynamic)], .bool) { values in
            .bool(Set(elements(values)) == Set(elements(values, 1)))
        },
        .function("sets.intersects", [.list(.dynamic), .list(.dynamic)], .bool) { values in
            .bool(!Set(elements(values)).isDisjoint(with: elements(values, 1)))
        },
    ]
}
