import DequeModule
import Sessions
import Synchronization

/// What lies between a stream's user and its connection's event loop: bytes both ways, and who waits for what.
///
/// Bounded both ways. Of what comes, by the stream's window: the session lets no more bytes come than it granted. Of what
/// goes, by ``mostUnsent``: a writer goes on while less of it waits. Bytes cross in batches, so that neither side wakes
/// the other for each piece.
final class StreamPipe: Sendable {
    typealias Chunk = ArraySlice<UInt8>

    /// A write returns at once while no more bytes than this wait for the connection: enough that writer and connection work
    /// side by side, and no more than a slow reader's window costs on the other side.
    static let mostUnsent = 256 << 10

    /// A writer that waits goes on when no more than this is left.
    private static let fewUnsent = mostUnsent / 4

    private struct State {
        /// Came, and not read yet.
        var chunks: Deque<Chunk> = []
        /// Written, and not fetched by the event loop yet.
        var written: [Chunk] = []
        /// Bytes written and not handed on to the connection yet, fetched or not.
        var unsent = 0
        /// At how many unsent bytes the writer goes on that waits.
        var awaitedUnsent = 0
        /// Bytes read whose use was not reported yet.
        var unreported = 0
        var isEnded = false
        var failure: StreamError?
        var reader: CheckedContinuation<Chunk?, any Error>?
        var writer: CheckedContinuation<Void, any Error>?
        var watcher: CheckedContinuation<Void, Never>?
        var isFinished = false

        /// What a reader gets without waiting; `nil` where there is nothing.
        mutating func next() -> Result<Chunk?, any Error>? {
            // First: bytes may come without end.
            if Task.isCancelled { return .failure(CancellationError()) }
            if let chunk = chunks.popFirst() { return .success(chunk) }
            if isEnded { return .success(nil) }
            return failure.map { .failure($0) }
        }
    }

    private let state = Mutex(State())

    // MARK: From the event loop

    /// Adds bytes that came. The reader gets them with ``wake()``.
    func received(_ bytes: Chunk) { state.withLock { $0.chunks.append(bytes) } }

    /// Lets the reader go on, where one waits and there is something for it.
    func wake() {
        let due = state.withLock { state -> (reader: CheckedContinuation<Chunk?, any Error>, bytes: Chunk)? in
            guard let reader = state.reader, let bytes = state.chunks.popFirst() else { return nil }
            state.reader = nil
            return (reader, bytes)
        }
        due?.reader.resume(returning: due?.bytes)
    }

    func ended() {
        wake()
        let reader = state.withLock { state in
            state.isEnded = true
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume(returning: nil)
    }

    /// Bytes that came before can still be read.
    func failed(_ error: StreamError) {
        wake()
        let (reader, writer, watcher) = state.withLock { state in
            if state.failure == nil { state.failure = error }
            state.written = []
            defer { (state.reader, state.writer, state.watcher) = (nil, nil, nil) }
            // A reader that has seen the good end is not told of later trouble.
            return (state.reader, state.writer, state.watcher)
        }
        reader?.resume(throwing: error)
        writer?.resume(throwing: error)
        watcher?.resume()
    }

    /// Takes what was written since the last time.
    func fetch() -> [Chunk] {
        state.withLock { state in
            defer { state.written = [] }
            return state.written
        }
    }

    /// So many bytes of what was fetched have been handed on.
    func sent(_ count: Int) {
        let writer = state.withLock { state -> CheckedContinuation<Void, any Error>? in
            state.unsent -= count
            guard state.unsent <= state.awaitedUnsent else { return nil }
            defer { state.writer = nil }
            return state.writer
        }
        writer?.resume()
    }

    // MARK: From the user

    func read() async throws -> Chunk? {
        if let result = state.withLock({ $0.next() }) { return try result.get() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result: Result<Chunk?, any Error>? = state.withLock { state in
                    if let result = state.next() { return result }
                    if state.reader != nil {
                        return .failure(StreamError(.closed, "two tasks read one stream; a stream has one reader"))
                    }
                    state.reader = continuation
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            let reader = state.withLock { state in
                defer { state.reader = nil }
                return state.reader
            }
            reader?.resume(throwing: CancellationError())
        }
    }

    /// Notes that so many bytes that were read are used up.
    ///
    /// - Parameter least: fewer bytes are not worth a report.
    /// - Returns: how many bytes to report; `nil` for none now.
    func used(_ count: Int, reportingAtLeast least: Int) -> Int? {
        state.withLock { state in
            state.unreported += count
            guard state.unreported >= least else { return nil }
            defer { state.unreported = 0 }
            return state.unreported
        }
    }

    /// Takes bytes to send; returns at once while few wait, else when enough of them have been handed on.
    ///
    /// - Parameter announce: has the event loop fetch them; not called where it is about to.
    func write(_ bytes: Chunk, announce: () -> Void) async throws {
        let (isNew, isFull) = try state.withLock { state throws -> (Bool, Bool) in
            if let failure = state.failure { throw failure }
            if state.isFinished { throw StreamError(.closed, "the stream was closed for writing") }
            if Task.isCancelled { throw CancellationError() }
            if state.writer != nil { throw Self.twoWriters }
            state.written.append(bytes)
            state.unsent += bytes.count
            return (state.written.count == 1, state.unsent > Self.mostUnsent)
        }
        if isNew { announce() }
        if isFull { try await wait(forUnsent: Self.fewUnsent) }
    }

    private static let twoWriters = StreamError(
        .closed, "two tasks write to one stream; a stream has one writer")

    /// Returns when no more than `most` bytes wait for the connection.
    func wait(forUnsent most: Int) async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let result: Result<Void, any Error>? = state.withLock { state in
                    if let failure = state.failure { return .failure(failure) }
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if state.unsent <= most { return .success(()) }
                    if state.writer != nil { return .failure(Self.twoWriters) }
                    (state.writer, state.awaitedUnsent) = (continuation, most)
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            let writer = state.withLock { state in
                defer { state.writer = nil }
                return state.writer
            }
            writer?.resume(throwing: CancellationError())
        }
    }

    /// Returns when the stream has failed, or the task is cancelled. One task at a time; a second one does not wait.
    func waitForFailure() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.failure != nil || state.watcher != nil || Task.isCancelled { return true }
                    state.watcher = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            let watcher = state.withLock { state in
                defer { state.watcher = nil }
                return state.watcher
            }
            watcher?.resume()
        }
    }

    /// - Returns: whether this is the first call.
    func finish() -> Bool {
        state.withLock { state in
            defer { state.isFinished = true }
            return !state.isFinished
        }
    }

    /// Whether nobody needs to be told that the user is gone.
    var isOver: Bool {
        state.withLock { $0.failure != nil || ($0.isEnded && $0.isFinished && $0.chunks.isEmpty && $0.writer == nil) }
    }
}
