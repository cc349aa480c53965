import NIOCore
import NIOPosix

@testable import TLSTransport

/// A server on a loopback socket that answers the first bytes with a fixed text, without TLS.
final class PlainServer: Sendable {
    private let listener: any Channel

    init(answer: String) async throws {
        listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AnsweringHandler(answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    func stop() async throws { try await listener.close() }

    /// Tries a TLS handshake with it.
    func connect(_ configuration: TLSConfiguration) async throws {
        guard let address = listener.localAddress else { throw ChannelError.unknownLocalAddress }
        let context = try TLSContext(configuration)
        let group = MultiThreadedEventLoopGroup.singleton
        let handshake = group.next().makePromise(of: TLSHandshakeCompleted.self)
        _ = try await ClientBootstrap(group: group)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        TLSHandler(context: context, handshakePromise: handshake))
                }
            }
            .connect(to: address).get()
        _ = try await handshake.futureResult.get()
    }
}

private final class AnsweringHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let answer: String

    init(_ answer: String) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.writeAndFlush(NIOAny(ByteBuffer(string: answer)), promise: nil)
    }
}
