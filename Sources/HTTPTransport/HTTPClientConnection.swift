import NIOCore

/// A client connection as tasks hold it.
struct HTTPClientConnection: Sendable {
    let channel: any Channel
    private let handler: NIOLoopBound<HTTPClientConnectionHandler>

    /// Must be called on the channel's event loop.
    init(channel: any Channel, handler: HTTPClientConnectionHandler) {
        self.channel = channel
        self.handler = NIOLoopBound(handler, eventLoop: channel.eventLoop)
    }

    /// Sends a request and waits for its whole response.
    ///
    /// - Throws: ``HTTPClientExchange/Failure``, or `CancellationError`; in both cases the connection is of no more use.
    func execute(_ request: HTTPClientRequest, limit: Int) async throws -> HTTPClientExchange.Outcome {
        let promise = channel.eventLoop.makePromise(of: HTTPClientExchange.Outcome.self)
        return try await run(promise) { $0.start(request, .collect(promise, limit: limit)) }
    }

    /// Sends a request and waits for the head of its response.
    ///
    /// - Throws: as ``execute(_:limit:)``.
    func stream(_ request: HTTPClientRequest, silenceLimit: Duration?) async throws -> HTTPClientStream {
        let promise = channel.eventLoop.makePromise(of: HTTPClientStream.self)
        return try await run(promise) { $0.start(request, .stream(promise), silenceLimit: silenceLimit) }
    }

    /// Sends a request that asks to leave HTTP, and waits for the answer.
    ///
    /// - Parameter promise: what the upgrade completes.
    /// - Throws: as ``execute(_:limit:)``.
    func upgrade<Value: Sendable>(
        _ request: HTTPClientRequest, _ upgrade: HTTPClientUpgrade, _ promise: EventLoopPromise<Value>
    ) async throws -> Value {
        try await run(promise) { $0.start(request, .upgrade(upgrade)) }
    }

    private func run<Value: Sendable>(
        _ promise: EventLoopPromise<Value>, _ start: @escaping @Sendable (HTTPClientConnectionHandler) -> Void
    ) async throws -> Value {
        channel.eventLoop.execute {
            handler.value.willStart()
            start(handler.value)
        }
        do {
            return try await withTaskCancellationHandler {
                try await promise.futureResult.get()
            } onCancel: {
                channel.close(promise: nil)
            }
        } catch {
            try Task.checkCancellation()
            throw error
        }
    }
}
