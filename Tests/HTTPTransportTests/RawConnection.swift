import NIOCore
import NIOPosix
import Synchronization

/// A bare TCP connection that sends exactly the bytes it is given and keeps what comes back.
final class RawConnection: Sendable {
    struct TimedOut: Error, CustomStringConvertible {
        let received: String
        var description: String { "timed out; received so far: \(received.prefix(500))" }
    }

    private let channel: any Channel
    private let collector: NIOLoopBound<Collector>

    private init(channel: any Channel, collector: NIOLoopBound<Collector>) {
        self.channel = channel
        self.collector = collector
    }

    /// - Parameter reads: false never takes a byte from the socket until ``resumeReading()``.
    static func connect(port: Int, reads: Bool = true, receiveBuffer: Int? = nil) async throws -> RawConnection {
        var bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.autoRead, value: reads)
        if let receiveBuffer {
            bootstrap = bootstrap.channelOption(
                .socketOption(.so_rcvbuf), value: SocketOptionValue(receiveBuffer))
        }
        let connection = try await bootstrap.connect(host: "127.0.0.1", port: port) { channel in
            channel.eventLoop.makeCompletedFuture {
                let collector = Collector()
                try channel.pipeline.syncOperations.addHandler(collector)
                return RawConnection(
                    channel: channel, collector: NIOLoopBound(collector, eventLoop: channel.eventLoop))
            }
        }
        return connection
    }

    func send(_ text: String) async throws {
        try await channel.writeAndFlush(ByteBuffer(string: text))
    }

    func send(bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
    }

    func close() async throws {
        try await channel.close()
    }

    /// What has come, once it satisfies the condition or the peer has closed.
    @discardableResult
    func received(
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
    func receivedUntilClosed(within limit: Duration = .seconds(10)) async throws -> String {
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

extension String {
    /// The parts between a separator.
    func components(_ separator: String) -> [String] {
        split(separator: separator, omittingEmptySubsequences: false).map { String($0) }
    }
}
