import Synchronization

/// Hands every element to every reader.
final class ChangeBroadcast<Element: Sendable>: Sendable {
    /// Keeps a handler registered for as long as it lives.
    final class Registration: Sendable {
        private let end: @Sendable () -> Void
        fileprivate init(_ end: @escaping @Sendable () -> Void) { self.end = end }
        deinit { end() }
    }

    private let readers = Mutex<(next: Int, handlers: [Int: @Sendable (Element) -> Void])>((0, [:]))

    func send(_ element: Element) {
        let handlers = readers.withLock { Array($0.handlers.values) }
        for handler in handlers { handler(element) }
    }

    /// Calls `handler`, which must be quick, for all that is sent from now on.
    func onSend(_ handler: @escaping @Sendable (Element) -> Void) -> Registration {
        let id = readers.withLock { readers in
            readers.next += 1
            readers.handlers[readers.next] = handler
            return readers.next
        }
        return Registration { [weak self] in self?.readers.withLock { _ = $0.handlers.removeValue(forKey: id) } }
    }

    /// What is sent from now on, until the reader goes away.
    func stream() -> AsyncStream<Element> {
        let (stream, continuation) = AsyncStream<Element>.makeStream()
        let registration = onSend { continuation.yield($0) }
        continuation.onTermination = { _ in withExtendedLifetime(registration) {} }
        return stream
    }
}
