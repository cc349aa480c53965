import NIOCore
import NIOPosix
public import TLSTransport

/// A bare TCP connection, or one of TLS, that sends exactly the bytes it is given and keeps what comes back.
public final class RawConnection: Sendable {
    /// What was waited for did not come.
    public struct TimedOut: Error, CustomStringConvertible {
        let received: String
        public var description: String { "timed out; received so far: \(received.prefix(500))" }
    }

    private let channel: any Channel
    private let collector: NIOLoopBound<Collector>

    private init(channel: any Channel, collector: NIOLoopBound<Collector>) {
        self.channel = channel
        self.collector = collector
    }

    /// Connects to a port of loopback.
    ///
    /// - Parameters:
    ///   - tls: makes it a connection of TLS; what is sent before the handshake's end waits for it.
    ///   - reads: false never takes a byte from the socket, which no handshake survives.
    ///   - receiveBuffer: the size of the socket's buffer in bytes; nil for the system's.
    ///   - address: which address of loopback it comes from.
    public static func connect(
        port: Int, tls: TLSContextBox? = nil, reads: Bool = true, receiveBuffer: Int? = nil, from address: String? = nil
    ) async throws -> RawConnection {
        var bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.autoRead, value: reads)
        if let receiveBuffer {
            bootstrap = bootstrap.channelOption(
                .socketOption(.so_rcvbuf), value: SocketOptionValue(receiveBuffer))
        }
        if let address { bootstrap = bootstrap.bind(to: try SocketAddress(ipAddress: address, port: 0)) }
        let connection = try await bootstrap.connect(host: "127.0.0.1", port: port) { channel in
            channel.eventLoop.makeCompletedFuture {
                let collector = Collector()
                if let tls { try channel.pipeline.syncOperations.addHandler(tls.makeHandler()) }
                try channel.pipeline.syncOperations.addHandler(collector)
                return RawConnection(
                    channel: channel, collector: NIOLoopBound(collector, eventLoop: channel.eventLoop))
            }
        }
        return connection
    }

    /// Sends a text.
    public func send(_ text: String) async throws {
        try await channel.writeAndFlush(ByteBuffer(string: text))
    }

    /// Sends bytes.
    public func send(bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
    }

    /// Sends bytes, and gives up where the peer takes none of them for so long or has closed.
    ///
    /// - Returns: whether they are on their way.
    public func send(bytes: [UInt8], within limit: Duration) async -> Bool {
        let written = channel.eventLoop.makePromise(of: Void.self)
        channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: written)
        let timer = channel.eventLoop.scheduleTask(in: TimeAmount(limit)) { [channel] in channel.close(promise: nil) }
        defer { timer.cancel() }
        return (try? await written.futureResult.get()) != nil
    }

    /// What has come so far.
    public func bytes() async throws -> [UInt8] {
        try await channel.eventLoop.submit { [collector] in Array(buffer: collector.value.bytes) }.get()
    }

    /// Closes the connection.
    public func close() async throws {
        try await channel.close()
    }

    /// Stops to take bytes from the socket.
    public func stopReading() async throws {
        try await channel.setOption(.autoRead, value: false).get()
    }

    /// Takes bytes from the socket again.
    public func resumeReading() async throws {
        try await channel.setOption(.autoRead, value: true).get()
    }

    /// Whether the peer has closed, as far as was read.
    public var isClosed: Bool { !channel.isActive }

    /// What has come, once it satisfies the condition or the peer has closed.
    @discardableResult
    public func received(
        within limit: Duration = .seconds(10), until condition: @escaping @Sendable (String, _ isClosed: Bool) -> Bool
    ) async throws -> String {
        let deadline = ContinuousClock.now + limit
        while true {
            let (text, isClosed) = try await channel.eventLoop.submit { [collector] in
                (String(buffer: collector.value.bytes), collector.value.isClosed)
            }.get()
            if condition(text, isClosed) { return text }
            guard ContinuousClock.now < deadline else { throw TimedOut(received: text) }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    /// Everything until the peer closes.
    public func receivedUntilClosed(within limit: Duration = .seconds(10)) async throws -> String {
        try await received(within: limit) { $1 }
    }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        var bytes = ByteBuffer()
        var isClosed = false

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var part = Self.unwrapInboundIn(data)
            bytes.writeBuffer(&part)
        }

        func channelInactive(context: ChannelHandlerContext) {
            isClosed = true
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }
}
