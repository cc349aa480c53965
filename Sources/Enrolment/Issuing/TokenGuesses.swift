import Synchronization

/// How many refused tokens an address may bring before it has to wait: nobody tries many.
///
/// A token has 256 random bits, so no guessing succeeds; this keeps guessers from filling the log and the cluster's time.
/// What is remembered is bounded: the addresses of one minute, and of those a thousand.
final class TokenGuesses: Sendable {
    /// Refusals that are free, of one address within ``window``.
    static let free = 10
    /// How long a refusal counts.
    static let window: Duration = .seconds(60)
    /// Addresses that are told apart; all further ones share one count.
    static let addresses = 1000

    private let refusals = Mutex<[String: [ContinuousClock.Instant]]>([:])

    /// Remembers a refusal.
    func note(_ address: String, now: ContinuousClock.Instant) {
        refusals.withLock { refusals in
            if refusals.count >= Self.addresses {
                refusals = refusals.filter { ($0.value.last?.advanced(by: Self.window) ?? now) > now }
            }
            let key = Self.key(address, in: refusals)
            refusals[key, default: []].append(now)
            refusals[key]?.removeAll { $0.advanced(by: Self.window) <= now }
            // The newest ones decide; whoever goes on while waiting gains nothing by it.
            if let count = refusals[key]?.count, count > Self.free { refusals[key]?.removeFirst(count - Self.free) }
        }
    }

    /// - Returns: how long the address has to wait; `nil` where it need not.
    func wait(for address: String, now: ContinuousClock.Instant) -> Duration? {
        refusals.withLock { refusals in
            let own = refusals[Self.key(address, in: refusals)]?.filter { $0.advanced(by: Self.window) > now } ?? []
            guard own.count >= Self.free, let first = own.first else { return nil }
            return first.advanced(by: Self.window) - now
        }
    }

    private static func key(_ address: String, in refusals: [String: [ContinuousClock.Instant]]) -> String {
        refusals[address] != nil || refusals.count < addresses ? address : ""
    }
}
