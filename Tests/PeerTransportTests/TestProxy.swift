import NIOCore
import NIOPosix

/// An HTTP proxy for tests: whatever host is asked for, it connects to one port of this machine.
final class TestProxy: Sendable {
    private let server: any Channel
    private let seen: Shared<[String]>

    private init(server: any Channel, seen: Shared<[String]>) {
        self.server = server
        self.seen = seen
    }

    /// - Parameters:
    ///   - authorization: what `Proxy-Authorization` must be.
    ///   - answer: what is said to everybody in the place of a connection; empty for nothing at all.
    static func start(to port: Int, authorization: String? = nil, answer: String? = nil) async throws -> TestProxy {
        let seen = Shared<[String]>([])
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        Asked(to: port, authorization: authorization, answer: answer, seen: seen))
                }
            }.bind(host: "127.0.0.1", port: 0).get()
        return TestProxy(server: server, seen: seen)
    }

    var port: Int { server.localAddress?.port ?? 0 }
    /// The heads of all requests.
    var requests: [String] { seen.withLock { $0 } }

    func stop() async { try? await server.close() }
}

/// Waits for the head of a request, then connects.
private final class Asked: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let port: Int
    private let authorization: String?
    private let answer: String?
    private let seen: Shared<[String]>
    private var head = ""

    init(to port: Int, authorization: String?, answer: String?, seen: Shared<[String]>) {
        self.port = port
        self.authorization = authorization
        self.answer = answer
        self.seen = seen
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        head += String(buffer: unwrapInboundIn(data))
        guard head.hasSuffix("\r\n\r\n") else { return }
        let whole = head
        seen.withLock { $0.append(whole) }
        if let answer {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
            return
        }
        if let authorization, !head.contains("Proxy-Authorization: \(authorization)\r\n") {
            let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: refusal)), promise: nil)
            context.close(promise: nil)
            return
        }
        let inbound = context.channel
        let own = NIOLoopBound(self, eventLoop: context.eventLoop)
        ClientBootstrap(group: context.eventLoop).channelInitializer { outbound in
            outbound.eventLoop.makeCompletedFuture {
                try outbound.pipeline.syncOperations.addHandler(Piped(to: inbound))
            }
        }.connect(host: "127.0.0.1", port: port).whenComplete { result in
            guard case .success(let outbound) = result else { return inbound.close(promise: nil) }
            try? inbound.pipeline.syncOperations.addHandler(Piped(to: outbound))
            own.value.leave(inbound)
            inbound.writeAndFlush(ByteBuffer(string: "HTTP/1.1 200 Connection established\r\n\r\n"), promise: nil)
        }
    }
}

extension Asked {
    fileprivate func leave(_ channel: any Channel) { channel.pipeline.syncOperations.removeHandler(self, promise: nil) }
}

private final class Piped: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let other: any Channel

    init(to other: any Channel) { self.other = other }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        other.writeAndFlush(unwrapInboundIn(data), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { other.close(promise: nil) }
}
