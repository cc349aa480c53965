import NIOCore
import NIOHTTP1
import NIOWebSocket

extension HTTPServerConnectionHandler {
    /// Fragments of one message; each costs more than its bytes.
    private static let maxFragments = 1024

    /// Answers 101 and gives the connection over: the HTTP handlers leave, the WebSocket's take their place.
    ///
    /// - Returns: what runs the conversation to its end, or nil if the connection is lost.
    func upgrade(_ upgrade: WebSocketUpgrade, _ response: HTTPResponse) -> Upgraded? {
        guard let context else { return nil }
        var head = HTTPResponseHead(version: .http1_1, status: .switchingProtocols, headers: response.headers)
        head.headers.replaceOrAdd(name: "Connection", value: "Upgrade")
        write(.head(head))
        write(.end(nil))
        flushIfNeeded()

        let channel = context.channel
        let pipeline = channel.pipeline.syncOperations
        let handler = WebSocketHandler()
        let connection = WebSocketConnection(
            handler, subprotocol: upgrade.subprotocol, eventLoop: context.eventLoop)
        // Its task lives on with the connection, no longer with this handler.
        let task = self.task
        self.task = nil
        do {
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            try pipeline.addHandlers([
                WebSocketFrameEncoder(),
                ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: upgrade.maxMessageBytes)),
                NIOWebSocketFrameAggregator(
                    minNonFinalFragmentSize: 0, maxAccumulatedFrameCount: Self.maxFragments,
                    maxAccumulatedFrameSize: upgrade.maxMessageBytes),
                handler,
            ])
            pipeline.removeHandler(
                context: try pipeline.context(handlerType: HTTPRequestHeadWatcher.self), promise: nil)
            pipeline.removeHandler(context: try pipeline.context(handlerType: HTTPResponseEncoder.self), promise: nil)
            pipeline.removeHandler(context: context, promise: nil)
            // Last: it passes on what it has not decoded, to the handlers that are there then.
            pipeline.removeHandler(decoder, promise: nil)
        } catch {
            channel.close(promise: nil)
            return nil
        }
        channel.closeFuture.whenComplete { _ in task?.cancel() }
        if isQuiescing { handler.close(.goingAway) }
        return Upgraded(connection: connection, run: upgrade.run)
    }

    /// A conversation that has taken over a connection.
    struct Upgraded: Sendable {
        let connection: WebSocketConnection
        let run: @Sendable (WebSocketConnection) async throws -> Void

        func callAsFunction() async {
            do {
                try await run(connection)
                connection.close(.normalClosure)
            } catch {
                connection.close(.unexpectedServerError)
            }
        }
    }
}
