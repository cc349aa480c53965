import NIOCore

/// What serves the tasks that talk on a connection after it has left HTTP. Bound to its event loop.
protocol ConversationHandler: AnyObject, SendableMetatype {
    func receive(_ ticket: HTTPWriteTicket, _ continuation: ConversationQueue.Continuation)
    func send(_ message: ByteBuffer, _ ticket: HTTPWriteTicket, _ continuation: ConversationQueue.Continuation)
    /// Whoever waits with this ticket is cancelled.
    func abandon(_ ticket: HTTPWriteTicket)
    /// Ends the conversation; `isFailure` says that it had not come to its end.
    func finish(isFailure: Bool)
}

/// A conversation as tasks hold it: everything is done on the connection's event loop.
struct Conversation<Handler: ConversationHandler>: Sendable {
    private let handler: NIOLoopBound<Handler>
    private let eventLoop: any EventLoop

    /// Must be called on the event loop.
    init(_ handler: Handler, eventLoop: any EventLoop) {
        self.handler = NIOLoopBound(handler, eventLoop: eventLoop)
        self.eventLoop = eventLoop
    }

    func receive() async throws -> ByteBuffer? {
        try await wait { $0.receive($1, $2) }
    }

    func send(_ message: ByteBuffer) async throws {
        _ = try await wait { $0.send(message, $1, $2) }
    }

    func finish(isFailure: Bool) {
        perform { $0.finish(isFailure: isFailure) }
    }

    private func wait(
        _ begin: @escaping @Sendable (Handler, HTTPWriteTicket, ConversationQueue.Continuation) -> Void
    ) async throws -> ByteBuffer? {
        let ticket = HTTPWriteTicket()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                perform { begin($0, ticket, continuation) }
            }
        } onCancel: {
            ticket.abandon()
            eventLoop.execute { handler.value.abandon(ticket) }
        }
    }

    private func perform(_ body: @escaping @Sendable (Handler) -> Void) {
        if eventLoop.inEventLoop { body(handler.value) } else { eventLoop.execute { body(handler.value) } }
    }
}
