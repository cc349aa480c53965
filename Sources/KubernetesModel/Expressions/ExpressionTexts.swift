/// Functions of strings.
enum ExpressionTexts {
    static let all: [ExpressionFunction] = searches + parts + addresses

    private static func text(_ values: [ExpressionValue], _ place: Int = 0) -> String { values[place].string ?? "" }

    private static func test(
        _ name: String, _ test: @escaping @Sendable (String, String) -> Bool
    ) -> ExpressionFunction {
        .method(name, [.string, .string], .bool) { .bool(test(text($0), text($0, 1))) }
    }

    private static func scalars(_ text: String) -> [Unicode.Scalar] { Array(text.unicodeScalars) }

    private static func string(_ scalars: some Sequence<Unicode.Scalar>) -> ExpressionValue {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return .string(String(view))
    }

    @Sendable private static func matches(_ values: [ExpressionValue]) throws(ExpressionError) -> ExpressionValue {
        let pattern: Pattern
        do throws(Pattern.Malformed) {
            pattern = try Pattern(text(values, 1))
        } catch {
            throw ExpressionError("error parsing regexp: \(error.message)")
        }
        switch pattern.match(text(values)) {
        case .matches: return .bool(true)
        case .differs: return .bool(false)
        case .tooCostly: throw ExpressionError("the text is too long for the pattern", isTooCostly: true)
        }
    }

    private static func index(_ values: [ExpressionValue], isLast: Bool) -> ExpressionValue {
        let (all, part) = (scalars(text(values)), scalars(text(values, 1)))
        guard part.count <= all.count else { return .int(-1) }
        let given = values.count > 2 ? Int(values[2].int ?? 0) : isLast ? all.count - part.count : 0
        let last = all.count - part.count
        let places =
            isLast
            ? Array((0...max(0, min(given, last))).reversed()) : given > last ? [] : Array(max(0, given)...last)
        return .int(Int64(places.first { all[$0..<($0 + part.count)].elementsEqual(part) } ?? -1))
    }

    private static let searches: [ExpressionFunction] = [
        test("contains") { $1.isEmpty || $0.contains($1) }, test("startsWith") { $0.hasPrefix($1) },
        test("endsWith") { $0.hasSuffix($1) },
        .method("matches", [.string, .string], .bool, matches),
        .function("matches", [.string, .string], .bool, matches),
        .method("indexOf", [.string, .string], .int) { index($0, isLast: false) },
        .method("indexOf", [.string, .string, .int], .int) { index($0, isLast: false) },
        .method("lastIndexOf", [.string, .string], .int) { index($0, isLast: true) },
        .method("lastIndexOf", [.string, .string, .int], .int) { index($0, isLast: true) },
    ]

    private static func substring(_ values: [ExpressionValue]) throws(ExpressionError) -> ExpressionValue {
        let all = scalars(text(values))
        let start = Int(values[1].int ?? 0)
        let end = values.count > 2 ? Int(values[2].int ?? 0) : all.count
        guard start >= 0, end <= all.count, start <= end else {
            throw ExpressionError("index out of range: \(start)")
        }
        return string(all[start..<end])
    }

    private static func split(_ values: [ExpressionValue]) -> ExpressionValue {
        let limit = values.count > 2 ? Int(values[2].int ?? -1) : -1
        if limit == 0 { return .list([]) }
        let separator = text(values, 1)
        guard !separator.isEmpty else {
            return .list(text(values).unicodeScalars.map { .string(String($0)) })
        }
        var parts: [ExpressionValue] = []
        var rest = text(values)[...]
        while limit < 0 || parts.count < limit - 1, let range = rest.firstRange(of: separator) {
            parts.append(.string(String(rest[..<range.lowerBound])))
            rest = rest[range.upperBound...]
        }
        return .list(parts + [.string(String(rest))])
    }

    private static func replace(_ values: [ExpressionValue]) -> ExpressionValue {
        let most = values.count > 3 ? Int(values[3].int ?? -1) : -1
        let old = text(values, 1)
        guard !old.isEmpty else { return values[0] }
        return .string(
            text(values).replacing(old, with: text(values, 2), maxReplacements: most < 0 ? .max : most))
    }

    private static let parts: [ExpressionFunction] = [
        .method("charAt", [.string, .int], .string) { (values) throws(ExpressionError) in
            let (all, place) = (scalars(text(values)), Int(values[1].int ?? -1))
            guard place >= 0, place <= all.count else { throw ExpressionError("index out of range: \(place)") }
            return string(all[place...].prefix(1))
        },
        .method("substring", [.string, .int], .string) { (values) throws(ExpressionError) in try substring(values) },
        .method("substring", [.string, .int, .int], .string) { (values) throws(ExpressionError) in try substring(values)
        },
        .method("split", [.string, .string], .list(.string)) { split($0) },
        .method("split", [.string, .string, .int], .list(.string)) { split($0) },
        .method("replace", [.string, .string, .string], .string) { replace($0) },
        .method("replace", [.string, .string, .string, .int], .string) { replace($0) },
        .method("trim", [.string], .string) { values in
            var all = scalars(text(values))[...]
            while all.first?.properties.isWhitespace == true { all.removeFirst() }
            while all.last?.properties.isWhitespace == true { all.removeLast() }
            return string(all)
        },
        .method("lowerAscii", [.string], .string) { values in
            string(
                text(values).unicodeScalars.map { ("A"..."Z").contains($0) ? Unicode.Scalar(UInt8($0.value) + 32) : $0 }
            )
        },
        .method("upperAscii", [.string], .string) { values in
            string(
                text(values).unicodeScalars.map { ("a"..."z").contains($0) ? Unicode.Scalar(UInt8($0.value) - 32) : $0 }
            )
        },
        .method("join", [.list(.string)], .string) { values in
            .string((values[0].elements ?? []).compactMap(\.string).joined())
        },
        .method("join", [.list(.string), .string], .string) { values in
            .string((values[0].elements ?? []).compactMap(\.string).joined(separator: text(values, 1)))
        },
    ]

    private static let addresses: [ExpressionFunction] = [
        .function("isURL", [.string], .bool) { .bool(StringFormat.holds("uri", of: text($0))) },
        .function("isIP", [.string], .bool) {
            .bool(StringFormat.holds("ipv4", of: text($0)) || StringFormat.holds("ipv6", of: text($0)))
        },
        .function("isCIDR", [.string], .bool) { .bool(StringFormat.holds("cidr", of: text($0))) },
    ]
}
