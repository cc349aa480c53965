import Scheduling

/// For how long edges have been well without a break, on the hub's own monotonic clock. Pure; a hub that has just started knows
/// of no time before.
struct EdgeSteadiness: Sendable {
    private var since: [String: ContinuousClock.Instant] = [:]

    /// Takes over how the edges are now.
    mutating func note(_ edges: [Edge], at now: ContinuousClock.Instant) {
        var next: [String: ContinuousClock.Instant] = [:]
        for edge in edges where Self.isSettled(edge) { next[edge.name] = since[edge.name] ?? now }
        since = next
    }

    /// Whether an edge is not on its way from one state to another: it is ready, or has been away for so long that nobody
    /// counts on it.
    private static func isSettled(_ edge: Edge) -> Bool {
        switch edge.state {
        case .ready: edge.isConnected
        case .lost, .left: true
        case .joining, .suspect, .disconnected, .draining, .degraded: false
        }
    }

    /// The first of these edges that is not settled, or not for so long; `nil` where all are.
    func restless(_ edges: some Sequence<String>, for time: Duration, at now: ContinuousClock.Instant) -> String? {
        edges.sorted().first { name in
            guard let since = since[name] else { return true }
            return now - since < time
        }
    }
}
