import NIOCore
import Sessions
import TLSTransport
import Wire

/// Drives an ``EnrolmentDialSession`` on a connection. Bound to one event loop.
final class EnrolmentDialHandler: ChannelInboundHandler {
    typealias InboundIn = PeerPacket
    typealias OutboundOut = PeerPacket

    private var session: EnrolmentDialSession
    private var promise: EventLoopPromise<EnrolledMessage>?
    private let timeout: Duration
    private var deadline: Scheduled<Void>?

    /// - Parameter promise: completed with the answer, or failed with a ``PeerSessionEnd``.
    init(_ request: EnrollMessage, timeout: Duration, promise: EventLoopPromise<EnrolledMessage>) {
        session = EnrolmentDialSession(request)
        self.timeout = timeout
        self.promise = promise
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let timeout = timeout
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(timeout)) { [weak self] in
            self?.lost(context, PeerSessionEnd(.timeout, "no answer came to the enrolment within \(timeout)"))
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        lost(context, PeerSessionEnd(.lost, "the connection ended before the answer to the enrolment"))
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // The handshake has checked the pin: only now may the token go out.
        if event is TLSHandshakeCompleted { perform(context, session.start()) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .message(let message):
            perform(context, session.received(message))
        case .data:
            lost(context, .violation("stream data came where the answer to an enrolment was expected"))
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        lost(context, PeerSessionEnd(connectionError: error))
    }

    private func lost(_ context: ChannelHandlerContext, _ end: PeerSessionEnd) {
        perform(context, session.lost(end))
    }

    private func perform(_ context: ChannelHandlerContext, _ action: EnrolmentDialSession.Action) {
        switch action {
        case .send(let message):
            context.writeAndFlush(wrapOutboundOut(.message(message)), promise: nil)
        case .complete(let answer):
            promise?.succeed(answer)
            promise = nil
            context.close(promise: nil)
        case .fail(let end):
            promise?.fail(end)
            promise = nil
            context.close(promise: nil)
        case .none:
            break
        }
    }
}
