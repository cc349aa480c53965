import NIOCore
import NIOHTTP1
import NIOWebSocket

extension HTTPServerConnectionHandler {
    /// Answers 101 and gives the connection over: the HTTP handlers leave, those of the other protocol take their place.
    ///
    /// - Returns: what runs the conversation to its end, or nil if the connection is lost.
    func upgrade(_ response: HTTPResponse) -> Upgraded? {
        guard let context else { return nil }
        var head = HTTPResponseHead(version: .http1_1, status: .switchingProtocols, headers: response.headers)
        head.headers.replaceOrAdd(name: "Connection", value: "Upgrade")
        write(.head(head))
        write(.end(nil))
        flushIfNeeded()

        let upgraded: Upgraded
        switch response.body {
        case .webSocket(let upgrade):
            let handler = WebSocketHandler(isClient: false)
            let connection = WebSocketConnection(
                handler, subprotocol: upgrade.subprotocol, eventLoop: context.eventLoop)
            upgraded = Upgraded(
                run: { try await upgrade.run(connection) }, finish: { connection.finish(isFailure: $0) })
            giveOver(context, to: handler.pipeline(limit: upgrade.maxMessageBytes))
            if isQuiescing { handler.close(.goingAway) }
        case .upgraded(let upgrade):
            let handler = ByteConnectionHandler(isClient: false)
            let connection = ByteConnection(handler, eventLoop: context.eventLoop)
            upgraded = Upgraded(
                run: { try await upgrade.run(connection) }, finish: { connection.finish(isFailure: $0) })
            giveOver(context, to: [handler])
            if isQuiescing { handler.finish(isFailure: true) }
        case .none, .bytes, .stream, .sized: return nil
        }
        return upgraded
    }

    private func giveOver(_ context: ChannelHandlerContext, to handlers: [any ChannelHandler]) {
        let channel = context.channel
        let pipeline = channel.pipeline.syncOperations
        // Its task lives on with the connection, no longer with this handler.
        let task = self.task
        self.task = nil
        channel.closeFuture.whenComplete { _ in task?.cancel() }
        do {
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            try pipeline.addHandlers(handlers)
            pipeline.removeHandler(
                context: try pipeline.context(handlerType: HTTPRequestHeadWatcher.self), promise: nil)
            pipeline.removeHandler(context: try pipeline.context(handlerType: HTTPResponseEncoder.self), promise: nil)
            pipeline.removeHandler(context: context, promise: nil)
            // Last: it passes on what it has not decoded, to the handlers that are there then.
            pipeline.removeHandler(decoder, promise: nil)
        } catch {
            channel.close(promise: nil)
        }
    }

    /// A conversation that has taken over a connection.
    struct Upgraded: Sendable {
        let run: @Sendable () async throws -> Void
        let finish: @Sendable (_ isFailure: Bool) -> Void

        func callAsFunction() async {
            do {
                try await run()
                finish(false)
            } catch {
                finish(true)
            }
        }
    }
}

extension HTTPResponse.Body {
    /// Whether the connection leaves HTTP.
    var isUpgrade: Bool {
        switch self {
        case .webSocket, .upgraded: true
        case .none, .bytes, .stream, .sized: false
        }
    }
}
