import Wire

/// The events of one connection, in order, for one reader. Ends after ``PeerEvent/lost(_:)``, or when the reader's task is
/// cancelled.
///
/// Asking for the next event says that the one before was dealt with: changes are acknowledged then, so a reader that is
/// slow slows its peer down instead of piling up memory.
public struct PeerEvents: AsyncSequence, Sendable {
    public typealias Element = PeerEvent

    let stream: AsyncStream<PeerEvent>
    let taken: @Sendable (PeerEvent) -> Void

    public struct AsyncIterator: AsyncIteratorProtocol {
        var base: AsyncStream<PeerEvent>.Iterator
        let taken: @Sendable (PeerEvent) -> Void
        var last: PeerEvent?

        public mutating func next() async -> PeerEvent? {
            if let last { taken(last) }
            last = await base.next()
            return last
        }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(base: stream.makeAsyncIterator(), taken: taken)
    }
}
