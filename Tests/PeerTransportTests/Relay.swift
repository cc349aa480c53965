import NIOCore
import NIOPosix
import Synchronization

/// A relay between two ports that can swallow everything, as a network that drops packets, or lose one answer.
final class Relay: Sendable {
    private let server: any Channel
    private let faults: Faults

    private init(server: any Channel, faults: Faults) {
        self.server = server
        self.faults = faults
    }

    static func start(to port: Int) async throws -> Relay {
        let group = MultiThreadedEventLoopGroup.singletonMultiThreadedEventLoopGroup
        let faults = Faults()
        let server = try await ServerBootstrap(group: group).childChannelInitializer { inbound in
            let number = faults.nextConnection()
            return ClientBootstrap(group: inbound.eventLoop).channelInitializer { outbound in
                outbound.eventLoop.makeCompletedFuture {
                    try outbound.pipeline.syncOperations.addHandler(Forwarder(to: inbound, faults, answersOf: number))
                }
            }.connect(host: "127.0.0.1", port: port).flatMap { outbound in
                inbound.eventLoop.makeCompletedFuture {
                    try inbound.pipeline.syncOperations.addHandler(Forwarder(to: outbound, faults, answersOf: nil))
                }
            }
        }.bind(host: "127.0.0.1", port: 0).get()
        return Relay(server: server, faults: faults)
    }

    var port: Int { server.localAddress?.port ?? 0 }
    var connectionCount: Int { faults.connections.load(ordering: .relaxed) }

    /// From now on nothing comes through, ends neither.
    func cut() { faults.isCut.store(true, ordering: .relaxed) }

    /// The first connection lets so many pieces of the listener through, and breaks at the next.
    func loseAnswer(after pieces: Int) { faults.piecesOfFirst.store(pieces, ordering: .relaxed) }

    func stop() async { try? await server.close() }
}

private final class Faults: Sendable {
    let isCut = Atomic(false)
    let connections = Atomic(0)
    let piecesOfFirst = Atomic(Int.max)

    func nextConnection() -> Int { connections.add(1, ordering: .relaxed).newValue }
}

private final class Forwarder: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let other: any Channel
    private let faults: Faults
    private let number: Int?
    private var pieces = 0

    init(to other: any Channel, _ faults: Faults, answersOf number: Int?) {
        self.other = other
        self.faults = faults
        self.number = number
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !faults.isCut.load(ordering: .relaxed) else { return }
        pieces += 1
        if number == 1, pieces > faults.piecesOfFirst.load(ordering: .relaxed) {
            other.close(promise: nil)
            context.close(promise: nil)
            return
        }
        other.writeAndFlush(unwrapInboundIn(data), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !faults.isCut.load(ordering: .relaxed) { other.close(promise: nil) }
    }
}
