/// One connection of a port-forward as the session's reader sees it: where the client's bytes go, and how it ends early.
struct ForwardedConnection: Sendable {
    /// The stream on which the client is told what went wrong.
    let errorStream: UInt32
    private let chunks: AsyncStream<[UInt8]>
    private let input: AsyncStream<[UInt8]>.Continuation
    private let endings: AsyncStream<Void>
    private let ending: AsyncStream<Void>.Continuation

    init(errorStream: UInt32) {
        self.errorStream = errorStream
        (chunks, input) = AsyncStream.makeStream()
        (endings, ending) = AsyncStream.makeStream()
    }

    /// Hands on bytes, however many wait already: the session's budget bounds them.
    func write(_ bytes: [UInt8]) { input.yield(bytes) }

    /// The client sends nothing more; what waits is still handed on.
    func finish() { input.finish() }

    /// Ends the connection both ways at once.
    func reset() {
        input.finish()
        ending.finish()
    }

    /// The client's next bytes; `nil` at their end.
    func next() async -> [UInt8]? {
        var iterator = chunks.makeAsyncIterator()
        return await iterator.next()
    }

    /// Returns when the connection is reset, or the task is cancelled.
    func waitForReset() async { for await _ in endings {} }
}
