/// A point of civil time, in nanoseconds since 1970-01-01T00:00:00Z.
///
/// For what people read: start and finish times, log lines. Durations are measured with `Moment.monotonic`.
public struct WallTime: Sendable, Hashable, Comparable {
    /// Nanoseconds since the epoch; negative before it. Good until the year 2262.
    public var nanoseconds: Int

    public init(nanoseconds: Int) { self.nanoseconds = nanoseconds }

    public static func < (left: WallTime, right: WallTime) -> Bool { left.nanoseconds < right.nanoseconds }

    /// As Kubernetes writes times: `2026-11-21T09:10:11Z`, whole seconds, rounded down.
    public var seconds: String { text(fraction: "") }

    /// As log lines carry it, RFC3339Nano with all nine digits: `2026-11-21T09:10:11.012345678Z`.
    public var precise: String {
        let digits = String(nanoseconds.remainder(1_000_000_000))
        return text(fraction: "." + String(repeating: "0", count: 9 - digits.count) + digits)
    }

    private func text(fraction: String) -> String {
        let seconds = nanoseconds.quotient(1_000_000_000)
        let days = seconds.quotient(86_400)
        let ofDay = seconds.remainder(86_400)
        let (year, month, day) = Self.civil(daysSinceEpoch: days)
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let padded = String(repeating: "0", count: max(0, 4 - String(year).count)) + String(year)
        let date = "\(padded)-\(two(month))-\(two(day))"
        return "\(date)T\(two(ofDay / 3600)):\(two(ofDay / 60 % 60)):\(two(ofDay % 60))\(fraction)Z"
    }

    /// Reads RFC 3339: `2026-11-21T09:10:11Z`, with up to nine digits of fraction, with `Z` or an offset.
    ///
    /// - Returns: `nil` where the text is anything else.
    public init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        func number(_ start: Int, _ count: Int) -> Int? {
            guard start + count <= bytes.count else { return nil }
            var value = 0
            for byte in bytes[start..<start + count] {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                value = value * 10 + Int(byte - UInt8(ascii: "0"))
            }
            return value
        }
        func isByte(_ place: Int, _ byte: Character) -> Bool { place < bytes.count && bytes[place] == byte.asciiValue }
        guard let year = number(0, 4), isByte(4, "-"), let month = number(5, 2), isByte(7, "-"),
            let day = number(8, 2), isByte(10, "T") || isByte(10, "t"), let hour = number(11, 2), isByte(13, ":"),
            let minute = number(14, 2), isByte(16, ":"), let second = number(17, 2),
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 61
        else { return nil }
        var place = 19
        var fraction = 0
        if isByte(place, ".") {
            let start = place + 1
            var end = start
            while end < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[end]) { end += 1 }
            guard (1...9).contains(end - start), let digits = number(start, end - start) else { return nil }
            fraction = digits
            for _ in (end - start)..<9 { fraction *= 10 }
            place = end
        }
        var offset = 0
        if isByte(place, "Z") || isByte(place, "z") {
            place += 1
        } else if isByte(place, "+") || isByte(place, "-") {
            guard let hours = number(place + 1, 2), isByte(place + 3, ":"), let minutes = number(place + 4, 2) else {
                return nil
            }
            offset = (hours * 3600 + minutes * 60) * (isByte(place, "-") ? -1 : 1)
            place += 6
        } else {
            return nil
        }
        guard place == bytes.count else { return nil }
        let days = Self.days(year: year, month: month, day: day)
        let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return nil }
        nanoseconds = scaled + fraction
    }

    /// Days since the epoch of a date in the Gregorian calendar; years are counted from March, so that the leap day
    /// is the last of its year, in eras of 400 years.
    private static func days(year: Int, month: Int, day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted.quotient(400)
        let ofEra = shifted.remainder(400)
        let ofYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
    }

    private static func civil(daysSinceEpoch: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = daysSinceEpoch + 719_468
        let era = shifted.quotient(146_097)
        let ofEra = shifted.remainder(146_097)
        let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let fromMarch = (5 * ofYear + 2) / 153
        let day = ofYear - (153 * fromMarch + 2) / 5 + 1
        let month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}

extension Int {
    /// Division that rounds down, so that times before the epoch come out right.
    fileprivate func quotient(_ divisor: Int) -> Int {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }

    fileprivate func remainder(_ divisor: Int) -> Int {
        let value = self % divisor
        return value < 0 ? value + divisor : value
    }
}
