/// RFC 3339 times in UTC, as Kubernetes writes them, to and from seconds since 1970; without a calendar library.
public enum Timestamp {
    /// `2026-11-21T08:47:00Z`.
    public static func text(_ seconds: Int) -> String {
        let (days, inDay) = split(seconds, 86_400)
        let (year, month, day) = civil(days)
        return "\(pad(year, 4))-\(pad(month, 2))-\(pad(day, 2))T"
            + "\(pad(inDay / 3600, 2)):\(pad(inDay / 60 % 60, 2)):\(pad(inDay % 60, 2))Z"
    }

    /// `2026-11-21T08:47:00.123456Z`: the form of `MicroTime`.
    public static func microText(_ microseconds: Int) -> String {
        let (seconds, micros) = split(microseconds, 1_000_000)
        return "\(text(seconds).dropLast()).\(pad(micros, 6))Z"
    }

    /// - Returns: seconds since 1970, fractions dropped; `nil` where the text is no RFC 3339 time.
    public static func seconds(_ text: String) -> Int? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes.count <= 64 else { return nil }
        func number(_ range: Range<Int>) -> Int? {
            var value = 0
            for place in range {
                guard (48...57).contains(bytes[place]) else { return nil }
                value = value * 10 + Int(bytes[place] - 48)
            }
            return value
        }
        guard let year = number(0..<4), bytes[4] == 45, let month = number(5..<7), bytes[7] == 45,
            let day = number(8..<10), bytes[10] == 84 || bytes[10] == 116, let hour = number(11..<13), bytes[13] == 58,
            let minute = number(14..<16), bytes[16] == 58, let second = number(17..<19),
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second <= 60
        else { return nil }
        var at = 19
        if bytes[at] == 46 {
            at += 1
            let start = at
            while at < bytes.count, (48...57).contains(bytes[at]) { at += 1 }
            guard at > start else { return nil }
        }
        guard at < bytes.count else { return nil }
        var offset = 0
        switch bytes[at] {
        case 90, 122:
            guard at + 1 == bytes.count else { return nil }
        case 43, 45:
            guard at + 6 == bytes.count, let hours = number(at + 1..<at + 3), bytes[at + 3] == 58,
                let minutes = number(at + 4..<at + 6)
            else { return nil }
            offset = (hours * 3600 + minutes * 60) * (bytes[at] == 43 ? 1 : -1)
        default: return nil
        }
        return days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset
    }

    private static func split(_ value: Int, _ unit: Int) -> (Int, Int) {
        let whole = value >= 0 ? value / unit : -((-value + unit - 1) / unit)
        return (whole, value - whole * unit)
    }

    private static func pad(_ value: Int, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }

    /// Days since 1970-01-01 of a date in the proleptic Gregorian calendar, counted in eras of 400 years from March.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func civil(_ days: Int) -> (Int, Int, Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch + (monthFromMarch < 10 ? 3 : -9)
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }
}
