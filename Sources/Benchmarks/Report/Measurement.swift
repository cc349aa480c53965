/// One figure of a benchmark, and what belongs to it.
struct Measurement: Sendable {
    /// A figure beside the main one, such as the time of the processor that each of the operations took.
    struct Detail: Sendable {
        let name: String
        let value: Double
        /// As it follows the number; empty for a ratio.
        let unit: String
    }

    let name: String
    let value: Double
    /// As it follows the number, such as `/s` or `ms`.
    let unit: String
    /// What is aimed at, in the same unit; `nil` where nothing is.
    var goal: Double?
    var details: [Detail] = []

    /// A number with as many digits as it is good for.
    static func text(_ value: Double, _ unit: String) -> String {
        let digits = value.magnitude >= 100 ? 0 : value.magnitude >= 10 ? 1 : value.magnitude >= 1 ? 2 : 3
        let scale = [1.0, 10, 100, 1000][digits]
        let rounded = Int((value * scale).rounded())
        let whole = grouped(rounded / Int(scale))
        let fraction = digits == 0 ? "" : "." + pad(rounded.magnitude % UInt(scale), digits)
        return whole + fraction + (unit.isEmpty || unit.hasPrefix("/") ? unit : " \(unit)")
    }

    private static func grouped(_ number: Int) -> String {
        var text = String(number.magnitude)
        var place = text.count - 3
        while place > 0 {
            text.insert(",", at: text.index(text.startIndex, offsetBy: place))
            place -= 3
        }
        return (number < 0 ? "-" : "") + text
    }

    private static func pad(_ number: UInt, _ digits: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
