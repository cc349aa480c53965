import DequeModule
import Sessions
import Synchronization
public import Wire

/// A stream of kind `exec` or `attach`: whole records both ways, with the backpressure of the stream below.
///
/// One task may receive while any number send.
public final class ContainerRecordStream: Sendable {
    private let stream: PeerStream
    private let decoder = Mutex(ContainerRecordDecoder())
    private let turns = Turns()

    public init(_ stream: PeerStream) { self.stream = stream }

    /// The peer's next record; `nil` at its good end.
    ///
    /// - Throws: `StreamError`, `CancellationError`; `ContainerRecordError`, after which the stream is broken off.
    public func receive() async throws -> ContainerRecord? {
        do {
            while true {
                if let record = try decoder.withLock({ try $0.next() }) { return record }
                guard let bytes = try await stream.read() else {
                    guard decoder.withLock({ $0.isInsideRecord }) else { return nil }
                    throw ContainerRecordError(.cutShort)
                }
                decoder.withLock { $0.append(bytes) }
            }
        } catch let error as ContainerRecordError {
            stream.cancel("the peer broke the protocol: \(error)")
            throw error
        }
    }

    /// Sends a record; returns when the peer has room for it.
    ///
    /// - Throws: `StreamError`, `CancellationError`.
    public func send(_ record: ContainerRecord) async throws {
        await turns.take()
        defer { turns.give() }
        try await stream.write(record.encoded)
    }

    /// Sends bytes in records, as many as it takes.
    ///
    /// - Parameter record: what they are.
    /// - Throws: as ``send(_:)``.
    public func send(_ bytes: [UInt8], as record: @Sendable ([UInt8]) -> ContainerRecord) async throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            try await send(record(Array(rest.prefix(ContainerRecord.maximumBytes))))
            rest = rest.dropFirst(ContainerRecord.maximumBytes)
        }
    }

    /// Ends this side's direction after what was sent.
    public func finish() { stream.finish() }

    /// As `PeerStream.cancel`.
    public func cancel(_ error: String) { stream.cancel(error) }

    /// As `PeerStream.waitUntilBroken`.
    public func waitUntilBroken() async { await stream.waitUntilBroken() }

    /// Lets one task after the other write, in the order in which they came.
    private final class Turns: Sendable {
        private struct State {
            var isTaken = false
            var waiting: Deque<CheckedContinuation<Void, Never>> = []
        }

        private let state = Mutex(State())

        func take() async {
            await withCheckedContinuation { continuation in
                let isFree = state.withLock { state in
                    if state.isTaken { state.waiting.append(continuation) }
                    defer { state.isTaken = true }
                    return !state.isTaken
                }
                if isFree { continuation.resume() }
            }
        }

        func give() {
            let next = state.withLock { state in
                if state.waiting.isEmpty { state.isTaken = false }
                return state.waiting.popFirst()
            }
            next?.resume()
        }
    }
}
