import NIOCore
import TLSTransport

/// One watcher: notes when each event arrives. Bound to its event loop.
final class WatchConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let request: ByteBuffer
    private let onHead: () -> Void
    private let onEvent: () -> Void
    private var hasHead = false
    private var last: UInt8 = 0

    /// - Parameters:
    ///   - onHead: called when the server has answered: later changes come as events.
    ///   - onEvent: called for each event.
    init(_ request: ByteBuffer, onHead: @escaping () -> Void, onEvent: @escaping () -> Void) {
        self.request = request
        self.onHead = onHead
        self.onEvent = onEvent
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is TLSHandshakeCompleted { context.writeAndFlush(wrapOutboundOut(request), promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if !hasHead {
            hasHead = true
            onHead()
        }
        // Each event is an object on a line of its own; the lines of the chunked framing end otherwise.
        for byte in unwrapInboundIn(data).readableBytesView {
            if byte == UInt8(ascii: "\n"), last == UInt8(ascii: "}") { onEvent() }
            last = byte
        }
    }
}
