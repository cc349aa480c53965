import Synchronization

/// The context for the next connections, replaced when certificates are renewed; live connections keep theirs.
public final class TLSContextBox: Sendable {
    private let held: Mutex<TLSContext>

    public init(_ context: TLSContext) {
        held = Mutex(context)
    }

    /// The context to make the next connection with.
    public var current: TLSContext {
        held.withLock { $0 }
    }

    /// Has all later connections use `context`.
    public func replace(with context: TLSContext) {
        held.withLock { $0 = context }
    }

    /// A handler for the next connection, with the current context.
    public func makeHandler() -> TLSHandler {
        TLSHandler(context: current)
    }
}
