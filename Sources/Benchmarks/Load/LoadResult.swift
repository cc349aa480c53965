/// What a load came to.
struct LoadResult: Sendable {
    let count: Int
    /// Until the last answer.
    let seconds: Double
    /// From sending a request to the end of its answer, in ascending order once results are merged.
    let latencies: [Duration]
    /// The length of the longest answer's body.
    let longest: Int

    var perSecond: Double { Double(count) / max(seconds, 1e-9) }

    /// The time within which this part of the operations was done, in milliseconds.
    func milliseconds(_ part: Double) -> Double { Self.milliseconds(part, of: latencies) }

    static func milliseconds(_ part: Double, of sorted: [Duration]) -> Double {
        guard !sorted.isEmpty else { return 0 }
        return sorted[min(sorted.count - 1, Int(Double(sorted.count) * part))] / .milliseconds(1)
    }
}

extension LoadResult {
    /// What parts that ran at the same time came to together.
    init(merging parts: [LoadResult]) {
        self.init(
            count: parts.reduce(0) { $0 + $1.count }, seconds: parts.map(\.seconds).max() ?? 0,
            latencies: parts.flatMap(\.latencies).sorted(), longest: parts.map(\.longest).max() ?? 0)
    }
}
