import Wire

/// The events of one connection, in order, for one reader. Ends after ``PeerEvent/lost(_:)``, or when the reader's task is
/// cancelled.
///
/// Asking for the next event says that the one before was dealt with: changes are acknowledged then, so a reader that is
/// slow slows its peer down instead of piling up memory.
public struct PeerEvents: AsyncSequence, Sendable {
    public typealias Element = PeerEvent

    let stream: AsyncStream<PeerEvent>
    let taken: @Sendable (Acknowledgement) -> Void

    /// What the connection is told of an event that was dealt with. The event itself is not kept: a stream that its reader
    /// dropped must go.
    enum Acknowledgement: Sendable {
        case changes(ItemSetName, sequence: Int)
        case other

        init(_ event: PeerEvent) {
            switch event {
            case .desired(let changes): self = .changes(.desired, sequence: changes.sequence)
            case .observed(let changes): self = .changes(.observed, sequence: changes.sequence)
            case .received, .streamRequested, .suspected, .recovered, .lost: self = .other
            }
        }
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
        var base: AsyncStream<PeerEvent>.Iterator
        let taken: @Sendable (Acknowledgement) -> Void
        var last: Acknowledgement?

        public mutating func next() async -> PeerEvent? {
            if let last { taken(last) }
            let event = await base.next()
            last = event.map(Acknowledgement.init)
            return event
        }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(base: stream.makeAsyncIterator(), taken: taken)
    }
}
