import HTTPTransport
import NIOCore
import NIOPosix
import Synchronization
import TLSTransport

/// Many watchers of one collection, each on a connection of its own.
final class WatcherGroup: Sendable {
    private struct Arrivals {
        var heads = 0
        var events: [ContinuousClock.Instant] = []
    }

    private let arrivals = Mutex(Arrivals())
    private let channels = Mutex<[any Channel]>([])

    func connect(
        _ count: Int, to endpoint: HTTPEndpoint, tls: TLSContext, request: ByteBuffer, on eventLoop: any EventLoop
    ) async throws {
        for _ in 0..<count {
            let channel = try await ClientBootstrap(group: eventLoop)
                .channelInitializer { [self] channel in
                    channel.eventLoop.makeCompletedFuture {
                        let watcher = WatchConnection(request) { [self] in
                            arrivals.withLock { $0.heads += 1 }
                        } onEvent: { [self] in
                            arrivals.withLock { $0.events.append(.now) }
                        }
                        try channel.pipeline.syncOperations.addHandlers([TLSHandler(context: tls), watcher])
                    }
                }
                .connect(host: endpoint.host, port: endpoint.port).get()
            channels.withLock { $0.append(channel) }
        }
        try await wait("answers to the watches") { $0.heads == count }
    }

    /// The next arrivals, as many as asked for; those of one event where that is the number of watchers.
    func events(_ count: Int) async throws -> [ContinuousClock.Instant] {
        try await wait("events") { $0.events.count >= count }
        return arrivals.withLock { arrivals in
            defer { arrivals.events.removeFirst(count) }
            return Array(arrivals.events.prefix(count))
        }
    }

    private func wait(_ what: String, until isThere: (borrowing Arrivals) -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while !arrivals.withLock({ isThere($0) }) {
            guard ContinuousClock.now < deadline else {
                throw BenchmarkFailure("not all \(what) came within 30 s")
            }
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    func close() async {
        for channel in channels.withLock({ $0 }) { try? await channel.close() }
    }
}
