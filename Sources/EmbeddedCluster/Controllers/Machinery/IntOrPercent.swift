import JSONTree

/// A count, or a share of one (`intstr.IntOrString` where it means a number of pods).
enum IntOrPercent: Sendable, Hashable {
    case count(Int)
    case percent(Int)

    /// - Returns: `nil` where the value is neither a whole number nor a percentage.
    init?(_ json: JSON?) {
        if let count = json?.int {
            self = .count(count)
        } else if let text = json?.string, text.hasSuffix("%"), let percent = Int(text.dropLast()) {
            self = .percent(percent)
        } else {
            return nil
        }
    }

    /// The number meant, of `total`; a share is rounded up or down as asked, and never below 0.
    func value(of total: Int, roundingUp: Bool) -> Int {
        switch self {
        case .count(let count): max(0, count)
        case .percent(let percent): max(0, (total * percent + (roundingUp ? 99 : 0)) / 100)
        }
    }
}
