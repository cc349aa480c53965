public import JSONTree

extension Quantity {
    /// Why text is no quantity, in Kubernetes' words.
    public struct ParseError: Error, Sendable, Hashable, CustomStringConvertible {
        public let message: String
        public var description: String { message }

        static let format = ParseError(
            message:
                "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")
        static let suffix = ParseError(message: "unable to parse quantity's suffix")
    }

    /// Reads a quantity such as `100m`, `1.5Gi`, `+2`, `1e3`.
    ///
    /// Digits after the 18th fractional one count only for rounding up where the suffix is binary.
    public init(_ text: String) throws(ParseError) {
        let parts = try Parts(text)
        let scale = try Scale(parts.suffix)
        var magnitude =
            switch scale {
            case .ten(let exponent, _): Self.decimal(parts.whole + parts.fraction, exponent - parts.fraction.count + 9)
            case .two(let exponent): Self.binary(parts.whole, parts.fraction, exponent)
            }
        magnitude = min(magnitude, Self.largest)
        var format = scale.format
        // `0.5Ki` is 512: below one unit Kubernetes goes on in decimal suffixes.
        if format == .binarySI, magnitude > 0, magnitude < Self.nanosPerUnit { format = .decimalSI }
        self.init(nanos: parts.isNegative ? -magnitude : magnitude, format: format)
    }

    /// Reads a field's value: a string, or a number as YAML's writers leave it unquoted.
    public init(_ json: JSON) throws(ParseError) {
        switch json {
        case .string(let text): try self.init(text)
        case .number(let number): try self.init(number.text)
        case .null: self = .zero
        case .bool, .array, .object: throw .format
        }
    }

    /// Digits scaled by a power of ten, rounded up.
    private static func decimal(_ digits: [UInt8], _ exponent: Int) -> Int128 {
        let significant = digits.drop { $0 == 0 }
        guard !significant.isEmpty else { return 0 }
        guard significant.count + exponent <= 38 else { return largest }
        guard significant.count + exponent > 0 else { return 1 }
        let kept = exponent < 0 ? significant.dropLast(-exponent) : significant
        var value = kept.reduce(Int128(0)) { $0 * 10 + Int128($1) }
        if exponent < 0 {
            if significant.suffix(-exponent).contains(where: { $0 != 0 }) { value += 1 }
        } else {
            for _ in 0..<exponent where value <= largest { value *= 10 }
        }
        return value
    }

    /// Digits scaled by a power of two, rounded up.
    private static func binary(_ whole: [UInt8], _ fraction: [UInt8], _ exponent: Int) -> Int128 {
        let significant = whole.drop { $0 == 0 }
        guard significant.count <= 19 else { return largest }
        let units = significant.reduce(Int128(0)) { $0 * 10 + Int128($1) } << Int128(exponent)
        guard units <= Int128(Int64.max) else { return largest }
        let kept = fraction.prefix(18)
        var divisor: Int128 = 1
        for _ in kept { divisor *= 10 }
        let scaled = kept.reduce(Int128(0)) { $0 * 10 + Int128($1) } << Int128(exponent)
        let (fractionUnits, rest) = scaled.quotientAndRemainder(dividingBy: divisor)
        let (nanos, finer) = (rest * nanosPerUnit).quotientAndRemainder(dividingBy: divisor)
        let isInexact = finer != 0 || fraction.dropFirst(18).contains { $0 != 0 }
        return (units + fractionUnits) * nanosPerUnit + nanos + (isInexact ? 1 : 0)
    }
}

// MARK: - Text

extension Quantity {
    /// The pieces of a quantity's text.
    private struct Parts {
        var isNegative = false
        /// Digits before and after the point, as numbers.
        var whole: [UInt8] = []
        var fraction: [UInt8] = []
        var suffix: Substring

        init(_ text: String) throws(ParseError) {
            guard !text.isEmpty, text.utf8.count <= 1024 else { throw .format }
            let bytes = text.utf8
            var at = bytes.startIndex
            if bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-") {
                isNegative = bytes[at] == UInt8(ascii: "-")
                at = bytes.index(after: at)
            }
            func digits() -> [UInt8] {
                var digits: [UInt8] = []
                while at < bytes.endIndex, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[at]) {
                    digits.append(bytes[at] - UInt8(ascii: "0"))
                    at = bytes.index(after: at)
                }
                return digits
            }
            whole = digits()
            if at < bytes.endIndex, bytes[at] == UInt8(ascii: ".") {
                at = bytes.index(after: at)
                fraction = digits()
            }
            suffix = text[at...]
            guard !whole.isEmpty || !fraction.isEmpty else { throw .format }
        }
    }

    /// What a suffix multiplies by.
    private enum Scale {
        case ten(Int, Format)
        case two(Int)

        var format: Format {
            switch self {
            case .ten(_, let format): format
            case .two: .binarySI
            }
        }

        init(_ suffix: Substring) throws(ParseError) {
            if suffix.isEmpty {
                self = .ten(0, .decimalSI)
            } else if let place = Quantity.decimalSuffixes.firstIndex(of: String(suffix)) {
                self = .ten(place * 3 - 9, .decimalSI)
            } else if let place = Quantity.binarySuffixes.firstIndex(of: String(suffix)), place > 0 {
                self = .two(place * 10)
            } else if suffix.first == "e" || suffix.first == "E" {
                // An exponent beyond these bounds makes every number zero's neighbour or the largest there is.
                guard let exponent = Int64(suffix.dropFirst()) else { throw .suffix }
                self = .ten(Int(min(max(exponent, -10_000), 10_000)), .decimalExponent)
            } else {
                let known = Set("eEinumkKMGTP+-0123456789")
                throw suffix.allSatisfy(known.contains) ? .suffix : .format
            }
        }
    }

    /// Each is 1000 times the one before; the fourth is 1.
    static let decimalSuffixes = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"]
    /// Each is 1024 times the one before.
    static let binarySuffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]
}

extension Quantity: CustomStringConvertible {
    /// The canonical text: a whole number and the largest suffix of the quantity's format that loses nothing.
    ///
    /// Binary quantities below 1024 or with a fraction are written with decimal suffixes.
    public var description: String {
        guard nanos != 0 else { return "0" }
        if format == .binarySI, abs(nanos) >= 1024 * Self.nanosPerUnit, nanos % Self.nanosPerUnit == 0 {
            var number = nanos / Self.nanosPerUnit
            var place = 0
            while number % 1024 == 0, place + 1 < Self.binarySuffixes.count {
                number /= 1024
                place += 1
            }
            return "\(number)\(Self.binarySuffixes[place])"
        }
        var number = nanos
        var place = 0
        while number % 1000 == 0, place + 1 < Self.decimalSuffixes.count {
            number /= 1000
            place += 1
        }
        guard format == .decimalExponent else { return "\(number)\(Self.decimalSuffixes[place])" }
        let exponent = place * 3 - 9
        return exponent == 0 ? "\(number)" : "\(number)e\(exponent)"
    }

    /// The canonical text as a JSON string.
    public var json: JSON { .string(description) }
}
