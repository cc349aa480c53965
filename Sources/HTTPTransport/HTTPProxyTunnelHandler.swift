import NIOCore

/// Asks an HTTP proxy for a tunnel (`CONNECT`), and leaves the pipeline once there is one.
///
/// Stands before the TLS handler, which does not hear that the connection is active until the tunnel is there.
///
/// | state | input | next |
/// |---|---|---|
/// | asking | 200, with the whole head | gone: what follows is the tunnel's |
/// | asking | another status, more than the limit, or the end | failed, and the connection closes |
final class HTTPProxyTunnelHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let proxy: HTTPEndpoint
    private let authorization: String?
    private let target: HTTPEndpoint
    private let promise: EventLoopPromise<Void>
    /// Most bytes of the proxy's answer: a head, and perhaps a page that says why not.
    private let limit: Int
    private var received = ByteBuffer()
    private var isOver = false

    /// - Parameters:
    ///   - authorization: the value of `Proxy-Authorization`; `nil` sends none.
    ///   - promise: completed when the tunnel is there or cannot be.
    init(
        proxy: HTTPEndpoint, authorization: String?, target: HTTPEndpoint, limit: Int, promise: EventLoopPromise<Void>
    ) {
        self.proxy = proxy
        self.authorization = authorization
        self.target = target
        self.limit = limit
        self.promise = promise
    }

    func channelActive(context: ChannelHandlerContext) {
        var head = "CONNECT \(target.authority) HTTP/1.1\r\nHost: \(target.authority)\r\n"
        if let authorization { head += "Proxy-Authorization: \(authorization)\r\n" }
        head += "\r\n"
        context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(string: head)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        var piece = Self.unwrapInboundIn(data)
        received.writeBuffer(&piece)
        guard let end = received.readableBytesView.firstRange(of: Array("\r\n\r\n".utf8)) else {
            if received.readableBytes > limit { fail(context, "its answer has no end") }
            return
        }
        let length = received.readableBytesView.distance(
            from: received.readableBytesView.startIndex, to: end.upperBound)
        let head = received.readString(length: length) ?? ""
        let status = head.prefix { $0 != "\r\n" && $0 != "\r" && $0 != "\n" }
        let words = status.split(separator: " ", maxSplits: 1)
        guard let version = words.first, version.hasPrefix("HTTP/1."), words.count == 2 else {
            return fail(context, "it does not speak HTTP/1.1")
        }
        guard words[1].hasPrefix("2") else { return fail(context, String(words[1].prefix(200))) }
        isOver = true
        promise.succeed()
        context.fireChannelActive()
        if received.readableBytes > 0 { context.fireChannelRead(Self.wrapInboundOut(received)) }
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !isOver { fail(context, "it closed the connection") }
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        if !isOver { fail(context, "the connection was given up") }
    }

    private func fail(_ context: ChannelHandlerContext, _ why: String) {
        guard !isOver else { return }
        isOver = true
        promise.fail(
            HTTPTransportError(.connectFailed, "The proxy \(proxy) makes no connection to \(target): \(why)."))
        context.close(promise: nil)
    }
}
