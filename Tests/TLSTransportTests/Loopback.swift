import NIOCore
import NIOPosix
import Synchronization

@testable import TLSTransport

/// A TLS server on a real loopback socket that sends back what it gets, and clients for it.
final class Loopback: Sendable {
    private static let group = MultiThreadedEventLoopGroup.singleton

    let serverErrors = Collected<TLSError>()
    let serverPeers = Collected<TLSHandshakeCompleted>()
    private let listener: any Channel

    /// - Parameter halfClosure: whether both sides keep their direction open when the other ends its own.
    init(_ configuration: TLSConfiguration, halfClosure: Bool = false) async throws {
        let context = try TLSContext(configuration)
        let (errors, peers) = (serverErrors, serverPeers)
        listener = try await ServerBootstrap(group: Self.group)
            .childChannelOption(.allowRemoteHalfClosure, value: halfClosure)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(
                        TLSHandler(context: context), EchoHandler(errors: errors, peers: peers))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    func stop() async throws { try await listener.close() }

    var address: SocketAddress {
        get throws {
            guard let address = listener.localAddress else { throw ChannelError.unknownLocalAddress }
            return address
        }
    }

    /// Connects a TLS client and waits for its side of the handshake.
    func connect(_ configuration: TLSConfiguration, halfClosure: Bool = false) async throws -> LoopbackClient {
        let context = try TLSContext(configuration)
        let client = LoopbackClient()
        let handshake = Self.group.next().makePromise(of: TLSHandshakeCompleted.self)
        do {
            let channel = try await ClientBootstrap(group: Self.group)
                .channelOption(.allowRemoteHalfClosure, value: halfClosure)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandlers(
                            TLSHandler(context: context, handshakePromise: handshake),
                            CollectingHandler(bytes: client.bytes, errors: client.errors, ends: client.ends))
                    }
                }
                .connect(to: try address).get()
            client.channel.withLock { $0 = channel }
        } catch {
            handshake.fail(error)
        }
        client.completed.add(try await handshake.futureResult.get())
        return client
    }

    /// Connects without TLS.
    func connectPlain() async throws -> any Channel {
        try await ClientBootstrap(group: Self.group).connect(to: try address).get()
    }
}

/// What a client of a ``Loopback`` has seen.
final class LoopbackClient: Sendable {
    let channel = Mutex<(any Channel)?>(nil)
    let bytes = Collected<UInt8>()
    let errors = Collected<TLSError>()
    /// One element when the server ended its direction, or the channel closed.
    let ends = Collected<Bool>()
    let completed = Collected<TLSHandshakeCompleted>()

    func send(_ bytes: [UInt8]) async throws {
        try await channel.withLock { $0 }?.writeAndFlush(ByteBuffer(bytes: bytes))
    }

    func close(_ mode: CloseMode = .all) async throws {
        try await channel.withLock { $0 }?.close(mode: mode)
    }
}

private final class EchoHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let errors: Collected<TLSError>
    private let peers: Collected<TLSHandshakeCompleted>

    init(errors: Collected<TLSError>, peers: Collected<TLSHandshakeCompleted>) {
        self.errors = errors
        self.peers = peers
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.write(data, promise: nil)
    }

    func channelReadComplete(context: ChannelHandlerContext) { context.flush() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? TLSHandshakeCompleted { peers.add(event) }
        if let event = event as? ChannelEvent, event == .inputClosed {
            context.writeAndFlush(NIOAny(ByteBuffer(string: "bye")), promise: nil)
            context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? TLSError { errors.add(error) }
    }
}

private final class CollectingHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let bytes: Collected<UInt8>
    private let errors: Collected<TLSError>
    private let ends: Collected<Bool>

    init(bytes: Collected<UInt8>, errors: Collected<TLSError>, ends: Collected<Bool>) {
        self.bytes = bytes
        self.errors = errors
        self.ends = ends
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        bytes.add(contentsOf: unwrapInboundIn(data).readableBytesView)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { ends.add(true) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? TLSError { errors.add(error) }
    }

    func channelInactive(context: ChannelHandlerContext) { ends.add(false) }
}
