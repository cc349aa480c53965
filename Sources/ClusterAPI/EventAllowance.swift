/// How many events may be told about one object: client-go's spam filter, a burst and then few.
///
/// Pure. A ReplicaSet that makes 10,000 pods is worth some events, not 10,000 writes.
struct EventAllowance: Sendable {
    /// client-go's `defaultSpamBurst`.
    static let burst = 25
    /// client-go's `defaultSpamQPS`, one in five minutes, in seconds.
    static let interval = 300
    /// client-go's `maxLruCacheEntries`: beyond, those who have used the least of theirs begin anew.
    private static let remembered = 4096

    private struct Bucket {
        /// Of what may be told now, in `interval`ths of an event.
        var left: Int
        /// Seconds since 1970.
        var at: Int
    }

    private var buckets: [String: Bucket] = [:]

    /// Takes one event from an object's allowance.
    ///
    /// - Parameter now: seconds since 1970.
    /// - Returns: whether there was one left.
    mutating func take(_ object: String, now: Int) -> Bool {
        let full = Self.burst * Self.interval
        var bucket = buckets[object] ?? Bucket(left: full, at: now)
        bucket.left = min(full, bucket.left + max(0, now - bucket.at))
        bucket.at = now
        defer { buckets[object] = bucket }
        if buckets.count >= Self.remembered, buckets[object] == nil { forget() }
        guard bucket.left >= Self.interval else { return false }
        bucket.left -= Self.interval
        return true
    }

    private mutating func forget() {
        let kept = buckets.sorted { $0.value.left < $1.value.left }.prefix(Self.remembered / 4)
        buckets = Dictionary(uniqueKeysWithValues: kept.map { ($0.key, $0.value) })
    }
}
