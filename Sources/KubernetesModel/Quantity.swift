/// An exact amount of a resource (`k8s.io/apimachinery/pkg/api/resource.Quantity`): `100m`, `1.5Gi`, `2e3`.
///
/// Kept as whole billionths (`n`). What is finer is rounded away from zero, what is beyond ±(2^63 - 1) is that bound, as in
/// Kubernetes. Two quantities are equal when they are the same amount, however they are written.
public struct Quantity: Sendable {
    /// The family of suffixes a quantity was written with, and is written with again.
    public enum Format: Sendable, Hashable {
        /// `n u m` none `k M G T P E`: powers of 1000.
        case decimalSI
        /// `Ki Mi Gi Ti Pi Ei`: powers of 1024.
        case binarySI
        /// `e3`: powers of ten.
        case decimalExponent
    }

    /// Billionths; at most `largest` from zero.
    let nanos: Int128
    public let format: Format

    static let nanosPerUnit: Int128 = 1_000_000_000
    static let largest = Int128(Int64.max) * nanosPerUnit

    init(nanos: Int128, format: Format) {
        self.nanos = min(max(nanos, -Self.largest), Self.largest)
        self.format = format
    }

    /// A whole number of units.
    public init(_ value: Int, format: Format = .decimalSI) {
        self.init(nanos: Int128(value) * Self.nanosPerUnit, format: format)
    }

    /// A number of thousandths, as CPU is mostly counted.
    public init(milli value: Int, format: Format = .decimalSI) {
        self.init(nanos: Int128(value) * 1_000_000, format: format)
    }

    public static let zero = Quantity(0)

    public var isZero: Bool { nanos == 0 }
    public var isNegative: Bool { nanos < 0 }

    /// Whole units, rounded away from zero.
    public var value: Int { Self.rounded(nanos, to: Self.nanosPerUnit) }

    /// Thousandths, rounded away from zero; the nearest an `Int` can hold where there are more.
    public var milliValue: Int { Self.rounded(nanos, to: 1_000_000) }

    private static func rounded(_ nanos: Int128, to unit: Int128) -> Int {
        let (whole, rest) = nanos.quotientAndRemainder(dividingBy: unit)
        return Int(clamping: rest == 0 ? whole : whole + (nanos < 0 ? -1 : 1))
    }
}

// MARK: - Arithmetic

extension Quantity: Comparable, Hashable {
    public static func == (left: Quantity, right: Quantity) -> Bool { left.nanos == right.nanos }
    public static func < (left: Quantity, right: Quantity) -> Bool { left.nanos < right.nanos }
    public func hash(into hasher: inout Hasher) { hasher.combine(nanos) }
}

extension Quantity {
    /// The sum; it is written as the left side is, or as the right side where the left one is zero.
    public static func + (left: Quantity, right: Quantity) -> Quantity {
        Quantity(nanos: left.nanos + right.nanos, format: left.isZero ? right.format : left.format)
    }

    /// The difference; it is written as the left side is, or as the right side where the left one is zero.
    public static func - (left: Quantity, right: Quantity) -> Quantity {
        Quantity(nanos: left.nanos - right.nanos, format: left.isZero ? right.format : left.format)
    }

    /// So many hundredths of it, rounded down to thousandths or to whole units.
    public func scaled(percent: Int, toMilli: Bool) -> Quantity {
        let unit = toMilli ? Self.nanosPerUnit / 1000 : Self.nanosPerUnit
        return Quantity(nanos: nanos * Int128(percent) / 100 / unit * unit, format: format)
    }

    public static func += (left: inout Quantity, right: Quantity) { left = left + right }
    public static func -= (left: inout Quantity, right: Quantity) { left = left - right }
}
