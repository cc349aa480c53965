import NIOCore

/// Holds back what comes on a client's connection while the HTTP handlers leave it.
///
/// The decoder leaves in a later turn of the event loop, and until then takes whatever is written for a request: those who take
/// over must hear nothing that they would answer.
final class HTTPLeftoverHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private var pieces: [ByteBuffer] = []

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { pieces.append(Self.unwrapInboundIn(data)) }

    func channelReadComplete(context: ChannelHandlerContext) {}

    /// Passes on what has come.
    func removeHandler(context: ChannelHandlerContext, removalToken: ChannelHandlerContext.RemovalToken) {
        for piece in pieces { context.fireChannelRead(Self.wrapInboundOut(piece)) }
        context.fireChannelReadComplete()
        pieces = []
        context.leavePipeline(removalToken: removalToken)
    }
}
