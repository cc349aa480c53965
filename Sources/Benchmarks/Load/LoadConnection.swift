import NIOCore
import TLSTransport

/// One client: sends a request, waits for the whole answer, sends the next. Bound to its event loop.
final class LoadConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What to do when an answer has arrived: the next request, or `nil` to rest.
    typealias Next = (MessageScanner.Message?) -> ByteBuffer?

    private var scanner = MessageScanner()
    private var context: ChannelHandlerContext?
    private var next: Next?
    private let ready: EventLoopPromise<Void>
    /// Called once where the connection ends by itself.
    var onFailure: ((String) -> Void)?

    /// - Parameter ready: completed at the end of the handshake.
    init(ready: EventLoopPromise<Void>) { self.ready = ready }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is TLSHandshakeCompleted { ready.succeed() }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        ready.fail(error)
        onFailure?("\(error)")
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        ready.fail(BenchmarkFailure("the server closed the connection"))
        onFailure?("the server closed a connection")
    }

    /// Sends requests until `next` gives none.
    func start(_ next: @escaping Next) {
        self.next = next
        send(next(nil))
    }

    private func send(_ request: ByteBuffer?) {
        guard let request, let context else {
            next = nil
            return
        }
        context.writeAndFlush(wrapOutboundOut(request), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        scanner.take(unwrapInboundIn(data)) { message in
            if let next { send(next(message)) }
        }
    }
}
