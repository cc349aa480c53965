import Synchronization

/// Carries bytes from one task to another, and holds the writer back while too much waits.
final class BytePipe: Sendable {
    private struct State {
        var chunks: [[UInt8]] = []
        var count = 0
        var isFinished = false
        var reader: CheckedContinuation<Void, Never>?
        var writer: CheckedContinuation<Void, Never>?
    }

    /// Bytes waiting above which a writer waits too.
    private static let limit = 256 << 10

    private let state = Mutex(State())

    /// The next bytes; `nil` when finished, or when the task is cancelled.
    func read() async -> [UInt8]? {
        while true {
            let (chunk, isOver, writer) = state.withLock { state in
                defer { if state.count <= Self.limit { state.writer = nil } }
                guard !state.chunks.isEmpty else { return ([UInt8]?.none, state.isFinished, state.writer) }
                let chunk = state.chunks.removeFirst()
                state.count -= chunk.count
                return (chunk, false, state.count <= Self.limit ? state.writer : nil)
            }
            writer?.resume()
            if let chunk { return chunk }
            if isOver { return nil }
            await wait(\.reader) { $0.chunks.isEmpty }
        }
    }

    /// Hands bytes on, and returns when there is room for more. What comes after the end is dropped.
    func write(_ bytes: [UInt8]) async {
        guard !bytes.isEmpty else { return }
        let reader = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard !state.isFinished else { return nil }
            state.chunks.append(bytes)
            state.count += bytes.count
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume()
        await wait(\.writer) { $0.count > Self.limit }
    }

    /// Nothing more comes; what waits can still be read.
    func finish() {
        let waiting = state.withLock { state in
            state.isFinished = true
            defer { (state.reader, state.writer) = (nil, nil) }
            return [state.reader, state.writer]
        }
        for continuation in waiting { continuation?.resume() }
    }

    private func wait(
        _ place: sending WritableKeyPath<State, CheckedContinuation<Void, Never>?>, while condition: (State) -> Bool
    ) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isWaiting = state.withLock { state in
                    guard !state.isFinished, condition(state) else { return false }
                    state[keyPath: place] = continuation
                    return true
                }
                if !isWaiting { continuation.resume() }
            }
        } onCancel: {
            finish()
        }
    }
}
