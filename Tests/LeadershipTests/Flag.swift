import Synchronization

/// Something that a test switches while others look at it.
final class Flag: Sendable {
    private let value = Mutex(false)

    var isSet: Bool {
        get { value.withLock { $0 } }
        set { value.withLock { $0 = newValue } }
    }
}

/// Microseconds since 1970 that differ each time.
enum Ticks {
    private static let count = Mutex(1_700_000_000_000_000)

    static func next() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}
