import NIOCore
import NIOPosix
import Synchronization

/// A relay between two ports that can swallow everything, as a network that drops packets.
final class Relay: Sendable {
    private let server: any Channel
    private let isCut: Switch

    private init(server: any Channel, isCut: Switch) {
        self.server = server
        self.isCut = isCut
    }

    static func start(to port: Int) async throws -> Relay {
        let group = MultiThreadedEventLoopGroup.singletonMultiThreadedEventLoopGroup
        let isCut = Switch()
        let server = try await ServerBootstrap(group: group).childChannelInitializer { inbound in
            ClientBootstrap(group: inbound.eventLoop).channelInitializer { outbound in
                outbound.pipeline.addHandler(Forwarder(to: inbound, isCut))
            }.connect(host: "127.0.0.1", port: port).flatMap { outbound in
                inbound.pipeline.addHandler(Forwarder(to: outbound, isCut))
            }
        }.bind(host: "127.0.0.1", port: 0).get()
        return Relay(server: server, isCut: isCut)
    }

    var port: Int { server.localAddress?.port ?? 0 }

    /// From now on nothing comes through, ends neither.
    func cut() { isCut.on() }

    func stop() async { try? await server.close() }
}

final class Switch: Sendable {
    private let value = Atomic(false)
    var isOn: Bool { value.load(ordering: .relaxed) }
    func on() { value.store(true, ordering: .relaxed) }
}

private final class Forwarder: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    private let other: any Channel
    private let isCut: Switch
    init(to other: any Channel, _ isCut: Switch) {
        self.other = other
        self.isCut = isCut
    }
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if !isCut.isOn { other.writeAndFlush(unwrapInboundIn(data), promise: nil) }
    }
    func channelInactive(context: ChannelHandlerContext) {
        if !isCut.isOn { other.close(promise: nil) }
    }
}
