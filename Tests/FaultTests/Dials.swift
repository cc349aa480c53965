import PeerTransport
import Sessions

/// A program's attempts to reach its peers, again and again.
struct Dials {
    struct Dial {
        let attempt: DialBoard.Attempt
        var backoff: Backoff
        var next: Duration
        var connection: Connection?
    }

    let board = DialBoard()
    /// By the attempt's number.
    private(set) var all: [Int: Dial] = [:]

    subscript(id: Int) -> Dial? { all[id] }

    /// Those that may be made now, in an order that is the same in every process.
    func due(_ now: Duration) -> [Int] {
        all.filter { $0.value.connection == nil && $0.value.next <= now }.keys.sorted()
    }

    /// When the next one may be made.
    var next: Duration? { all.values.filter { $0.connection == nil }.map(\.next).min() }

    func id(of connection: Connection) -> Int? { all.first { $0.value.connection === connection }?.key }

    /// Follows the board.
    ///
    /// - Returns: attempts that were given up, with their connections.
    mutating func follow(_ now: Duration) -> [(id: Int, connection: Connection?)] {
        let attempts = board.attempts
        let known = Set(attempts.map(\.id))
        var over: [(id: Int, connection: Connection?)] = []
        for id in all.keys.sorted() where !known.contains(id) {
            over.append((id, all[id]?.connection))
            all[id] = nil
        }
        for attempt in attempts where all[attempt.id] == nil {
            all[attempt.id] = Dial(attempt: attempt, backoff: attempt.backoff, next: now)
        }
        return over
    }

    mutating func connected(_ id: Int, _ connection: Connection) { all[id]?.connection = connection }

    /// The connection of an attempt has ended.
    mutating func lost(_ id: Int) { all[id]?.connection = nil }

    /// The next attempt comes after the back-off, which begins anew after a success.
    mutating func later(_ id: Int, _ now: Duration, random: Double, afterSuccess: Bool = false) {
        guard var dial = all[id] else { return }
        if afterSuccess { dial.backoff.reset() }
        dial.next = now + dial.backoff.next(random: random)
        all[id] = dial
    }
}
