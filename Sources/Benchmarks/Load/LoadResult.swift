/// What a load came to.
struct LoadResult: Sendable {
    let count: Int
    let seconds: Double
    /// From sending a request to the end of its answer, in ascending order.
    let latencies: [Duration]

    var perSecond: Double { Double(count) / max(seconds, 1e-9) }

    /// The time within which this part of the operations was done, in milliseconds.
    func milliseconds(_ part: Double) -> Double { Self.milliseconds(part, of: latencies) }

    static func milliseconds(_ part: Double, of sorted: [Duration]) -> Double {
        guard !sorted.isEmpty else { return 0 }
        return sorted[min(sorted.count - 1, Int(Double(sorted.count) * part))] / .milliseconds(1)
    }
}
