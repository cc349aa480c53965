import Synchronization

/// The bytes that a server holds for its clients, over all connections: request bodies, and responses not yet sent.
final class HTTPMemoryBudget: Sendable {
    private let limit: Int
    private let taken = Atomic(0)

    /// - Parameter limit: most bytes at a time.
    init(limit: Int) {
        self.limit = limit
    }

    /// Takes bytes, to be given back with ``give(back:)``.
    ///
    /// - Returns: false, with nothing taken, where they would be too many.
    func take(_ count: Int) -> Bool {
        guard taken.add(count, ordering: .relaxed).newValue <= limit else {
            give(back: count)
            return false
        }
        return true
    }

    func give(back count: Int) {
        taken.subtract(count, ordering: .relaxed)
    }
}
