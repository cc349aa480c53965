import Sessions

/// A stream through a peering: bytes both ways, with backpressure both ways.
///
/// One task may read while another writes. Dropping the last reference breaks the stream off, once what was written and
/// finished is sent; end it well with ``finish()`` and by reading to the end.
public final class PeerStream: Sendable, AsyncSequence {
    public typealias Element = ArraySlice<UInt8>
    public typealias Failure = any Error

    /// Unique on its connection.
    public let id: UInt32
    public let kind: String
    private let pipe: StreamPipe
    private let connection: PeerConnectionCore

    init(id: UInt32, kind: String, pipe: StreamPipe, connection: PeerConnectionCore) {
        self.id = id
        self.kind = kind
        self.pipe = pipe
        self.connection = connection
    }

    deinit {
        if pipe.isOver {
            connection.forgetStream(id)
        } else {
            connection.dropStream(id, error: "the other side stopped using the stream")
        }
    }

    /// The next bytes; `nil` at the peer's good end.
    ///
    /// - Throws: `StreamError` where the peer broke off or the connection is lost, `CancellationError`.
    public func read() async throws -> ArraySlice<UInt8>? {
        guard let bytes = try await pipe.read() else { return nil }
        if let count = pipe.used(bytes.count, reportingAtLeast: connection.leastReport) {
            connection.consumed(id, bytes: count)
        }
        return bytes
    }

    /// Sends bytes; returns at once while few wait for the peer to be ready for them (256 KiB), else when fewer do.
    ///
    /// A cancelled write breaks the stream off: how much of it arrives is not known.
    /// - Throws: `StreamError`, of this write or an earlier one; `CancellationError`.
    public func write(_ bytes: some Collection<UInt8>) async throws {
        let copy = Array(bytes)[...]
        guard !copy.isEmpty else { return }
        try await orBreakOff { try await pipe.write(copy) { connection.fetchStream(id) } }
    }

    /// Returns when the connection has taken all that was written, which is when the peer is ready for it.
    ///
    /// As cancelling a write, cancelling this breaks the stream off.
    /// - Throws: `StreamError`, `CancellationError`.
    public func drain() async throws { try await orBreakOff { try await pipe.wait(forUnsent: 0) } }

    private func orBreakOff(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch is CancellationError {
            cancel("the writer was stopped")
            throw CancellationError()
        }
    }

    /// Ends this side's direction after what was written. Reading goes on.
    public func finish() {
        if pipe.finish() { connection.finishStream(id) }
    }

    /// Returns when the stream has broken off, by either side or with its connection, also while nobody reads or writes; or
    /// when the task is cancelled. One task at a time. A stream that ends well never breaks.
    public func waitUntilBroken() async { await pipe.waitForFailure() }

    /// Breaks the stream off in both directions.
    ///
    /// - Parameter error: what the peer's reader and writer are told; cut where it is too long for a message.
    public func cancel(_ error: String) {
        let error = StreamWords.cut(error)
        _ = pipe.finish()
        connection.cancelStream(id, error: error)
        pipe.failed(StreamError(.closed, error))
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
        let stream: PeerStream
        public mutating func next() async throws -> ArraySlice<UInt8>? { try await stream.read() }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(stream: self) }
}
