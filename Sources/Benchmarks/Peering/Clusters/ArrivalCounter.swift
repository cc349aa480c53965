import HTTPTransport
import NIOCore
import NIOPosix
import Synchronization
import TLSTransport

/// Counts the objects that come to fulfil a selector, by a watch whose events are not read any further: cheap enough not to
/// be what is measured.
final class ArrivalCounter: Sendable {
    private struct Arrivals {
        var hasHead = false
        var count = 0
        var lastAt: ContinuousClock.Instant?
    }

    private let arrivals = Mutex(Arrivals())
    private let channel = Mutex<(any Channel)?>(nil)

    /// - Parameter target: such as `/api/v1/pods?watch=true&fieldSelector=status.phase%3DRunning`.
    init(_ target: String, at server: MeasuredServer) async throws {
        let request = RequestText(host: server.endpoint.authority).get(target)
        let tls = server.tls
        let new = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        TLSHandler(context: tls), ArrivalHandler(request) { [self] in note($0) },
                    ])
                }
            }
            .connect(host: server.endpoint.host, port: server.endpoint.port).get()
        channel.withLock { $0 = new }
        try await wait("an answer to a watch", within: .seconds(30)) { $0.hasHead }
    }

    private func note(_ count: Int) {
        arrivals.withLock { arrivals in
            arrivals.hasHead = true
            guard count > 0 else { return }
            arrivals.count += count
            arrivals.lastAt = .now
        }
    }

    /// Waits for so many.
    ///
    /// - Returns: when the last one came.
    func wait(for count: Int, within limit: Duration) async throws -> ContinuousClock.Instant {
        try await wait("\(count) objects", within: limit) { $0.count >= count }
        return arrivals.withLock { $0.lastAt ?? .now }
    }

    private func wait(
        _ what: String, within limit: Duration, until isThere: (borrowing Arrivals) -> Bool
    ) async throws {
        let deadline = ContinuousClock.now + limit
        while !arrivals.withLock({ isThere($0) }) {
            guard ContinuousClock.now < deadline else {
                let count = arrivals.withLock { $0.count }
                throw BenchmarkFailure("waited \(limit) in vain for \(what); \(count) came")
            }
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    func close() async { try? await channel.withLock { $0 }?.close() }
}

/// Finds the lines that begin as the events of new objects do. Bound to its event loop.
private final class ArrivalHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let start = Array(#"{"type":"ADDED""#.utf8)

    private let request: ByteBuffer
    private let onArrivals: (Int) -> Void
    /// How much of the start the line has shown; `nil` once it has shown something else.
    private var matched: Int? = 0

    init(_ request: ByteBuffer, onArrivals: @escaping (Int) -> Void) {
        self.request = request
        self.onArrivals = onArrivals
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is TLSHandshakeCompleted { context.writeAndFlush(wrapOutboundOut(request), promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var count = 0
        unwrapInboundIn(data).withUnsafeReadableBytes { bytes in
            for byte in bytes {
                if byte == UInt8(ascii: "\n") {
                    matched = 0
                } else if let place = matched {
                    matched = byte == Self.start[place] ? place + 1 : nil
                    if matched == Self.start.count {
                        count += 1
                        matched = nil
                    }
                }
            }
        }
        onArrivals(count)
    }
}
