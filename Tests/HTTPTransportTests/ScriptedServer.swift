import NIOCore
import NIOPosix
import Synchronization
import Testing

/// A TCP server that answers what a script says, however wrong: the n-th read of bytes, over all connections, decides.
final class ScriptedServer: Sendable {
    /// What to do when bytes arrive.
    enum Step: Sendable, CustomTestStringConvertible {
        case answer(String)
        case close
        case answerAndClose(String)
        case silence

        var testDescription: String {
            switch self {
            case .answer(let text): "answer \(text.prefix(60))"
            case .close: "close"
            case .answerAndClose(let text): "answer and close \(text.prefix(60))"
            case .silence: "silence"
            }
        }
    }

    let port: Int
    private let channel: any Channel
    private let counts: Counts

    final class Counts: Sendable {
        let connections = Atomic(0)
        let reads = Atomic(0)
    }

    var connectionCount: Int { counts.connections.load(ordering: .acquiring) }
    var readCount: Int { counts.reads.load(ordering: .acquiring) }

    private init(channel: any Channel, counts: Counts) {
        self.channel = channel
        self.counts = counts
        port = channel.localAddress?.port ?? 0
    }

    static func run<Value: Sendable>(
        _ steps: [Step], _ body: (ScriptedServer) async throws -> Value
    ) async throws -> Value {
        let counts = Counts()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                counts.connections.add(1, ordering: .releasing)
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(steps: steps, counts: counts))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let server = ScriptedServer(channel: channel, counts: counts)
        do {
            let value = try await body(server)
            try await channel.close()
            return value
        } catch {
            try? await channel.close()
            throw error
        }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        let steps: [Step]
        let counts: Counts

        init(steps: [Step], counts: Counts) {
            self.steps = steps
            self.counts = counts
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let number = counts.reads.add(1, ordering: .acquiringAndReleasing).oldValue
            switch number < steps.count ? steps[number] : .silence {
            case .answer(let text):
                context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
            case .close:
                context.close(promise: nil)
            case .answerAndClose(let text):
                context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
                context.close(promise: nil)
            case .silence:
                break
            }
        }
    }
}
