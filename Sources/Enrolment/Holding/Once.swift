import Synchronization

/// Does something once only: with the first connection of a link, not with each.
public final class Once: Sendable {
    private let isDone = Mutex(false)

    public init() {}

    public func run(_ body: () async -> Void) async {
        let isFirst = isDone.withLock { isDone in
            defer { isDone = true }
            return !isDone
        }
        if isFirst { await body() }
    }
}
