/// The round-trip times of the last probes of one edge, and which of them is worth telling.
///
/// Each telling is a write and a watch event. So the shortest of the last few counts, which is the network's: what a busy
/// machine adds to some of them is nobody's news.
struct RecentRoundTrips: Sendable {
    /// How many count.
    private static let count = 4

    private var last: [Duration] = []

    /// Takes one over.
    ///
    /// - Returns: the time to be told of.
    mutating func add(_ time: Duration) -> Duration {
        if last.count == Self.count { last.removeFirst() }
        last.append(time)
        return last.min() ?? time
    }

    /// Whether a time differs from the one that was told by more than half of it, and by a millisecond at least.
    static func isWorthTelling(from told: Duration?, to new: Duration?) -> Bool {
        guard let told, let new else { return told != new }
        let difference = new > told ? new - told : told - new
        return difference > max(.milliseconds(1), told / 2)
    }
}
