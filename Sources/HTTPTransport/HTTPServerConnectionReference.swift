import NIOCore

/// One request's place on its connection, as tasks hold it: everything is done on the connection's event loop.
struct HTTPServerConnectionReference: Sendable {
    private let connection: NIOLoopBound<HTTPServerConnectionHandler>
    private let exchange: UInt64
    let eventLoop: any EventLoop

    /// Must be called on the event loop.
    init(_ connection: HTTPServerConnectionHandler, exchange: UInt64, eventLoop: any EventLoop) {
        self.connection = NIOLoopBound(connection, eventLoop: eventLoop)
        self.exchange = exchange
        self.eventLoop = eventLoop
    }

    /// Writes a response to its end.
    func answer(_ response: HTTPResponse) async {
        if response.body.isUpgrade {
            let upgraded = await run { (connection, number) -> HTTPServerConnectionHandler.Upgraded? in
                number == connection.exchangeNumber && connection.exchange != nil
                    ? connection.upgrade(response) : nil
            }
            await upgraded?()
            return
        }
        guard let produce = await run({ $0.begin(response, exchange: $1) }) else { return }
        await stream(produce)
    }

    /// Runs the closure of a response whose head is written.
    func stream(_ produce: @Sendable (HTTPBodyWriter) async throws -> Void) async {
        do {
            try await produce(HTTPBodyWriter(self))
            await run { $0.streamEnded(exchange: $1) }
        } catch {
            await run { $0.streamFailed(error, exchange: $1) }
        }
    }

    func write(_ bytes: ByteBuffer) async -> HTTPServerConnectionHandler.WriteResult {
        await run { $0.writeBody(bytes, exchange: $1) }
    }

    /// Waits until the socket has taken enough of what is queued.
    func room() async throws {
        let ticket = HTTPWriteTicket()
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                perform { $0.waitForRoom(ticket, exchange: $1, continuation) }
            }
        } onCancel: {
            eventLoop.execute { connection.value.abandonWait(ticket) }
        }
    }

    /// Runs on the event loop, at once if this is it: a task prefers its connection's loop, so it mostly is.
    private func run<Value: Sendable>(
        _ body: @escaping @Sendable (HTTPServerConnectionHandler, UInt64) -> Value
    ) async -> Value {
        if eventLoop.inEventLoop { return body(connection.value, exchange) }
        return await withCheckedContinuation { continuation in
            perform { continuation.resume(returning: body($0, $1)) }
        }
    }

    private func perform(_ body: @escaping @Sendable (HTTPServerConnectionHandler, UInt64) -> Void) {
        if eventLoop.inEventLoop {
            body(connection.value, exchange)
        } else {
            eventLoop.execute { body(connection.value, exchange) }
        }
    }
}
