import NIOCore
import NIOWebSocket

/// One WebSocket after its handshake: hands messages to who asks for them, and holds back the peer meanwhile.
///
/// Bound to its event loop. Fragments have been joined, and limits enforced, by the handlers before it. A client masks what it
/// sends; a server that does so breaks the protocol (RFC 6455, section 5.1).
final class WebSocketHandler: ChannelDuplexHandler, ConversationHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundIn = Never
    typealias OutboundOut = WebSocketFrame

    /// How long the peer may take to answer a close; then the connection is cut.
    private static let closeTimeout = TimeAmount.seconds(2)
    /// Fragments of one message; each costs more than its bytes.
    private static let maxFragments = 1024

    private let isClient: Bool
    private var context: ChannelHandlerContext?
    private var queue = ConversationQueue()
    private var readIsPending = false
    private var isClosing = false

    init(isClient: Bool) { self.isClient = isClient }

    /// All that a WebSocket's pipeline needs, in order, this handler last.
    ///
    /// - Parameter limit: largest message taken, in bytes.
    func pipeline(limit: Int) -> [any ChannelHandler] {
        [
            WebSocketFrameEncoder(), ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: limit)),
            NIOWebSocketFrameAggregator(
                minNonFinalFragmentSize: 0, maxAccumulatedFrameCount: Self.maxFragments, maxAccumulatedFrameSize: limit),
            self,
        ]
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        queue.end(nil)
        self.context = nil
    }

    // MARK: Input

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = Self.unwrapInboundIn(data)
        guard !isClient || frame.maskKey == nil else {
            queue.end(HTTPTransportError(.protocolViolation, "The WebSocket failed: a server's frame is masked."))
            return close(.protocolError)
        }
        switch frame.opcode {
        case .binary, .text: queue.deliver(frame.unmaskedData)
        case .ping:
            // A peer that floods pings and does not read gets no answers.
            guard context.channel.isWritable, !isClosing else { return }
            write(.pong, frame.unmaskedData)
        case .connectionClose:
            queue.end(nil)
            guard !isClosing else { return context.close(promise: nil) }
            isClosing = true
            var data = frame.unmaskedData
            write(.connectionClose, data.readSlice(length: min(2, data.readableBytes)) ?? ByteBuffer())
            context.close(promise: nil)
        case .pong, .continuation: break
        default:
            queue.end(HTTPTransportError(.protocolViolation, "The WebSocket failed: a frame's kind is not known."))
            close(.protocolError)
        }
    }

    func read(context: ChannelHandlerContext) {
        // While it closes, only the peer's own close is of interest.
        if isClosing || !queue.isFull { context.read() } else { readIsPending = true }
    }

    func channelInactive(context: ChannelHandlerContext) {
        queue.end(nil)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let isTooLarge =
            switch error {
            case NIOWebSocketError.invalidFrameLength: true
            case let error as NIOWebSocketFrameAggregator.Error: error == .accumulatedFrameSizeIsTooLarge
            default: false
            }
        queue.end(
            isTooLarge
                ? HTTPTransportError(.bodyTooLarge, "The peer's message is larger than the limit.")
                : HTTPTransportError(.protocolViolation, "The WebSocket failed: \(error)", cause: error))
        close(isTooLarge ? .messageTooLarge : .protocolError)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { close(.goingAway) }
        context.fireUserInboundEventTriggered(event)
    }

    // MARK: What the connection asks for

    func receive(_ ticket: HTTPWriteTicket, _ continuation: ConversationQueue.Continuation) {
        queue.receive(ticket, continuation)
        if !queue.isFull { resumeReading() }
    }

    func send(_ message: ByteBuffer, _ ticket: HTTPWriteTicket, _ continuation: ConversationQueue.Continuation) {
        guard let context, !queue.hasEnded, !isClosing else {
            return continuation.resume(throwing: queue.closedError)
        }
        write(.binary, message)
        if context.channel.isWritable { return continuation.resume(returning: nil) }
        queue.waitForRoom(ticket, continuation)
    }

    func abandon(_ ticket: HTTPWriteTicket) { queue.abandon(ticket) }

    func finish(isFailure: Bool) { close(isFailure ? .unexpectedServerError : .normalClosure) }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { queue.hasRoom() }
        context.fireChannelWritabilityChanged()
    }

    /// Says goodbye and waits a moment for the peer's own.
    func close(_ code: WebSocketErrorCode) {
        guard let context, !isClosing else { return }
        isClosing = true
        queue.dropMessages()
        queue.end(nil)
        var data = context.channel.allocator.buffer(capacity: 2)
        data.write(webSocketErrorCode: code)
        write(.connectionClose, data)
        let channel = context.channel
        context.eventLoop.scheduleTask(in: Self.closeTimeout) { channel.close(promise: nil) }
        resumeReading()
    }

    // MARK: -

    private func resumeReading() {
        guard readIsPending else { return }
        readIsPending = false
        context?.read()
    }

    private func write(_ opcode: WebSocketOpcode, _ data: ByteBuffer) {
        let frame = WebSocketFrame(fin: true, opcode: opcode, maskKey: isClient ? .random() : nil, data: data)
        context?.writeAndFlush(Self.wrapOutboundOut(frame), promise: nil)
    }
}
