import Scheduling

/// For how long edges have been well without a break, on the hub's own monotonic clock. Pure; a hub that has just started knows
/// of no time before.
struct EdgeSteadiness: Sendable {
    private var since: [String: ContinuousClock.Instant] = [:]

    private var settled: Set<String> = []

    /// Takes over which edges are settled now.
    mutating func note(_ names: Set<String>, at now: ContinuousClock.Instant) {
        // Most often it is the same set, and not even a copy of it.
        guard names != settled else { return }
        var next: [String: ContinuousClock.Instant] = [:]
        for name in names { next[name] = since[name] ?? now }
        (since, settled) = (next, names)
    }

    /// The first of these edges that is not settled, or not for so long; `nil` where all are.
    func restless(_ edges: some Sequence<String>, for time: Duration, at now: ContinuousClock.Instant) -> String? {
        edges.sorted().first { name in
            guard let since = since[name] else { return true }
            return now - since < time
        }
    }
}
