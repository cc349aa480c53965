import Digests
import NIOCore
import Sessions

/// Asks a proxy for a connection to the peer, then makes room for what speaks with the peer. Bound to one event loop.
final class ProxyConnectHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// The longest head of an answer, in bytes.
    private static let longestAnswer = 16 * 1024

    private let proxy: HTTPProxy
    private let target: PeerAddress
    private let timeout: Duration
    private let connected: (ChannelHandlerContext) throws -> Void
    private let failed: (PeerSessionEnd) -> Void
    private var answer = ByteBuffer()
    private var deadline: Scheduled<Void>?
    private var isOver = false

    /// - Parameters:
    ///   - connected: adds the handlers that speak with the peer; they begin at once.
    ///   - failed: told why there is no connection; the channel closes.
    init(
        _ proxy: HTTPProxy, target: PeerAddress, timeout: Duration,
        connected: @escaping (ChannelHandlerContext) throws -> Void, failed: @escaping (PeerSessionEnd) -> Void
    ) {
        self.proxy = proxy
        self.target = target
        self.timeout = timeout
        self.connected = connected
        self.failed = failed
    }

    func channelActive(context: ChannelHandlerContext) {
        var head = "CONNECT \(target) HTTP/1.1\r\nHost: \(target)\r\n"
        if let credentials = proxy.credentials {
            head += "Proxy-Authorization: Basic \(Base64.encode(credentials.utf8))\r\n"
        }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: head + "\r\n")), promise: nil)
        let timeout = timeout
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(timeout)) { [weak self] in
            self?.fail(context, .timeout, "has not answered CONNECT within \(timeout)")
        }
        context.fireChannelActive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        fail(context, .lost, "has closed the connection before it answered CONNECT")
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(context, .lost, "could not be talked with: \(error)")
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        var bytes = unwrapInboundIn(data)
        answer.writeBuffer(&bytes)
        let view = answer.readableBytesView
        guard let end = Self.headEnd(view) else {
            if view.count > Self.longestAnswer { fail(context, .lost, "has answered CONNECT without an end") }
            return
        }
        let line = String(decoding: view.prefix { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        let parts = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, parts[0].hasPrefix("HTTP/1."), let status = Int(parts[1]) else {
            return fail(context, .lost, "does not speak HTTP; check HTTPS_PROXY, or the peering's proxy")
        }
        guard (200..<300).contains(status) else {
            let reason = parts.count == 3 ? " \(parts[2].prefix(100).filter { $0 >= " " })" : ""
            return fail(context, .lost, "has answered \(status)\(reason) to CONNECT \(target)\(Self.advice(status))")
        }
        // TLS has not said anything yet, so the peer can have said nothing.
        guard end == view.endIndex else { return fail(context, .lost, "has sent more than an answer to CONNECT") }
        isOver = true
        do {
            try connected(context)
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        } catch {
            isOver = false
            fail(context, .lost, "is connected, but nothing can be said: \(error)")
        }
    }

    /// Where the empty line ends that ends the head.
    private static func headEnd(_ bytes: ByteBufferView) -> ByteBufferView.Index? {
        var length = 0
        for (index, byte) in zip(bytes.indices, bytes) {
            if byte == UInt8(ascii: "\n") {
                if length == 0 { return bytes.index(after: index) }
                length = 0
            } else if byte != UInt8(ascii: "\r") {
                length += 1
            }
        }
        return nil
    }

    private static func advice(_ status: Int) -> String {
        switch status {
        case 407: ": it wants a user and a password, which belong into the daemon's HTTPS_PROXY"
        case 403: ": it does not allow that host or port; ask whoever runs it"
        default: ""
        }
    }

    private func fail(_ context: ChannelHandlerContext, _ code: PeerSessionEnd.Code, _ what: String) {
        guard !isOver else { return }
        isOver = true
        failed(PeerSessionEnd(code, "the proxy \(proxy) \(what)"))
        context.close(promise: nil)
    }
}
