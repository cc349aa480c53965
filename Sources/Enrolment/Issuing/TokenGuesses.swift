import Synchronization

/// How many refusals a key may cause before it has to wait: an address that brings tokens, or the id of a token.
///
/// A token has 256 random bits, so no guessing succeeds; this keeps guessers from filling the log and the cluster's time.
/// What is remembered is bounded: the keys of one minute, and of those a thousand.
final class TokenGuesses<Key: Hashable & Sendable>: Sendable {
    /// How long a refusal counts.
    static var window: Duration { .seconds(60) }
    /// Keys that are told apart; all further ones share one count.
    static var keys: Int { 1000 }

    /// Refusals that are free, of one key within ``window``.
    private let free: Int
    private let state = Mutex(State())

    private struct State {
        var refusals: [Key?: [ContinuousClock.Instant]] = [:]
        /// When room was made last: whoever fills the table must not have it searched with each refusal.
        var sweptAt: ContinuousClock.Instant?
    }

    init(free: Int = 10) { self.free = free }

    /// Remembers a refusal.
    func note(_ key: Key, now: ContinuousClock.Instant) {
        state.withLock { state in
            if state.refusals.count >= Self.keys, state.sweptAt.map({ now - $0 >= .seconds(1) }) ?? true {
                state.refusals = state.refusals.filter { ($0.value.last?.advanced(by: Self.window) ?? now) > now }
                state.sweptAt = now
            }
            let key = Self.counted(key, in: state.refusals)
            var own = state.refusals[key]?.filter { $0.advanced(by: Self.window) > now } ?? []
            // The newest ones decide; whoever goes on while waiting gains nothing by it.
            if own.count >= free { own.removeFirst(own.count - free + 1) }
            state.refusals[key] = own + [now]
        }
    }

    /// - Returns: how long the key has to wait; `nil` where it need not.
    func wait(for key: Key, now: ContinuousClock.Instant) -> Duration? {
        state.withLock { state in
            let own =
                state.refusals[Self.counted(key, in: state.refusals)]?.filter { $0.advanced(by: Self.window) > now }
                ?? []
            guard own.count >= free, let first = own.first else { return nil }
            return first.advanced(by: Self.window) - now
        }
    }

    /// How much is remembered: never more than ``keys`` and one.
    var count: Int { state.withLock { $0.refusals.count } }

    /// The key under which a key is counted: `nil` for all that there is no room for.
    private static func counted(_ key: Key, in refusals: [Key?: [ContinuousClock.Instant]]) -> Key? {
        refusals[key] != nil || refusals.count < keys ? key : nil
    }
}
