import NIOCore

/// One connection after it has left HTTP: hands bytes to who asks for them, and holds back the peer meanwhile.
///
/// Bound to its event loop.
final class ByteConnectionHandler: ChannelDuplexHandler, ConversationHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    /// How long a client may go on after the end; then the connection is cut. Closing at once would reset it where bytes are
    /// unread, and the client would lose what it has not taken yet.
    private static let closeTimeout = TimeAmount.seconds(2)

    private let isClient: Bool
    private var context: ChannelHandlerContext?
    private var queue = ConversationQueue()
    private var readIsPending = false
    private var isClosing = false

    init(isClient: Bool) { self.isClient = isClient }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        queue.end(nil)
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { queue.deliver(Self.unwrapInboundIn(data)) }

    func read(context: ChannelHandlerContext) {
        if isClosing || !queue.isFull { context.read() } else { readIsPending = true }
    }

    func channelInactive(context: ChannelHandlerContext) {
        queue.end(nil)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        queue.end(HTTPTransportError(.connectionClosed, "The connection broke: \(error)", cause: error))
        context.close(promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { finish(isFailure: true) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { queue.hasRoom() }
        context.fireChannelWritabilityChanged()
    }

    // MARK: What the connection asks for

    func receive(_ ticket: HTTPWriteTicket, _ continuation: ConversationQueue.Continuation) {
        queue.receive(ticket, continuation)
        if !queue.isFull { resumeReading() }
    }

    func send(_ bytes: ByteBuffer, _ ticket: HTTPWriteTicket, _ continuation: ConversationQueue.Continuation) {
        guard let context, !queue.hasEnded, !isClosing else {
            return continuation.resume(throwing: queue.closedError)
        }
        context.writeAndFlush(Self.wrapOutboundOut(bytes), promise: nil)
        if context.channel.isWritable { return continuation.resume(returning: nil) }
        queue.waitForRoom(ticket, continuation)
    }

    func abandon(_ ticket: HTTPWriteTicket) { queue.abandon(ticket) }

    func finish(isFailure: Bool) {
        guard let context, !isClosing else { return }
        isClosing = true
        queue.dropMessages()
        queue.end(nil)
        let channel = context.channel
        // What a client has not read by then it does not want.
        guard !isFailure, !isClient else { return channel.close(promise: nil) }
        context.eventLoop.scheduleTask(in: Self.closeTimeout) { channel.close(promise: nil) }
        resumeReading()
    }

    private func resumeReading() {
        guard readIsPending else { return }
        readIsPending = false
        context?.read()
    }
}
