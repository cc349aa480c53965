import DequeModule
import Sessions
import Synchronization

/// What lies between a stream's user and its connection's event loop: bytes that came, and who waits for what.
///
/// Bounded by the stream's window: the session lets no more bytes come than it granted.
final class StreamPipe: Sendable {
    typealias Chunk = ArraySlice<UInt8>

    private struct State {
        var chunks: Deque<Chunk> = []
        var isEnded = false
        var failure: StreamError?
        var reader: CheckedContinuation<Chunk?, any Error>?
        var writer: CheckedContinuation<Void, any Error>?
        var watcher: CheckedContinuation<Void, Never>?
        var isFinished = false
    }

    private let state = Mutex(State())

    // MARK: From the event loop

    func received(_ bytes: Chunk) {
        let reader = state.withLock { state in
            if let reader = state.reader {
                state.reader = nil
                return reader as CheckedContinuation<Chunk?, any Error>?
            }
            state.chunks.append(bytes)
            return nil
        }
        reader?.resume(returning: bytes)
    }

    func ended() {
        let reader = state.withLock { state in
            state.isEnded = true
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume(returning: nil)
    }

    /// Bytes that came before can still be read.
    func failed(_ error: StreamError) {
        let (reader, writer, watcher) = state.withLock { state in
            if state.failure == nil { state.failure = error }
            defer { (state.reader, state.writer, state.watcher) = (nil, nil, nil) }
            // A reader that has seen the good end is not told of later trouble.
            return (state.reader, state.writer, state.watcher)
        }
        reader?.resume(throwing: error)
        writer?.resume(throwing: error)
        watcher?.resume()
    }

    func drained() {
        let writer = state.withLock { state in
            defer { state.writer = nil }
            return state.writer
        }
        writer?.resume()
    }

    // MARK: From the user

    func read() async throws -> Chunk? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result: Result<Chunk?, any Error>? = state.withLock { state in
                    // First: bytes may come without end.
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if let chunk = state.chunks.popFirst() { return .success(chunk) }
                    if state.isEnded { return .success(nil) }
                    if let failure = state.failure { return .failure(failure) }
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

    /// Waits until the event loop has handed on what `start` gives it.
    func write(_ start: () -> Void) async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let failure: (any Error)? = state.withLock { state in
                    if let failure = state.failure { return failure }
                    if state.isFinished { return StreamError(.closed, "the stream was closed for writing") }
                    if Task.isCancelled { return CancellationError() }
                    if state.writer != nil {
                        return StreamError(.closed, "two tasks write to one stream; a stream has one writer")
                    }
                    state.writer = continuation
                    return nil
                }
                if let failure { continuation.resume(throwing: failure) } else { start() }
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
