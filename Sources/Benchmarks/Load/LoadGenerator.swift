import HTTPTransport
import NIOCore
import NIOPosix
import TLSTransport

/// Clients that keep one server busy, all on one event loop: one core of the machine is theirs, the rest the server's.
final class LoadGenerator: Sendable {
    private let eventLoop: any EventLoop
    private let channels: [any Channel]
    private let connections: [NIOLoopBound<LoadConnection>]

    private init(_ eventLoop: any EventLoop, _ channels: [any Channel], _ connections: [NIOLoopBound<LoadConnection>]) {
        self.eventLoop = eventLoop
        self.channels = channels
        self.connections = connections
    }

    /// Opens a connection for each client.
    static func connect(
        clients: Int, to endpoint: HTTPEndpoint, tls: TLSContext, on eventLoop: any EventLoop
    ) async throws -> LoadGenerator {
        var channels: [any Channel] = []
        var connections: [NIOLoopBound<LoadConnection>] = []
        for _ in 0..<clients {
            let ready = eventLoop.makePromise(of: Void.self)
            let made = eventLoop.makePromise(of: NIOLoopBound<LoadConnection>.self)
            let channel = try await ClientBootstrap(group: eventLoop)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let connection = LoadConnection(ready: ready)
                        try channel.pipeline.syncOperations.addHandlers([TLSHandler(context: tls), connection])
                        made.succeed(NIOLoopBound(connection, eventLoop: eventLoop))
                    }
                }
                .connect(host: endpoint.host, port: endpoint.port).get()
            try await ready.futureResult.get()
            channels.append(channel)
            connections.append(try await made.futureResult.get())
        }
        return LoadGenerator(eventLoop, channels, connections)
    }

    /// Has all clients send requests, each its next when the last is answered.
    ///
    /// - Parameters:
    ///   - count: how many requests in all, at most.
    ///   - limit: after this time no more are sent.
    ///   - request: the request of a number, which counts from 0.
    /// - Throws: `BenchmarkFailure` for an answer that is no success.
    func run(
        count: Int = .max, atMost limit: Duration, request: @escaping @Sendable (Int) -> ByteBuffer
    ) async throws -> LoadResult {
        let done = eventLoop.makePromise(of: LoadResult.self)
        eventLoop.execute { [connections] in
            let run = LoadRun(count: count, limit: limit, clients: connections.count, request: request, done: done)
            for connection in connections { run.start(connection.value) }
        }
        // Answers are awaited beyond the limit, but not for ever.
        let overdue = eventLoop.scheduleTask(in: TimeAmount(limit) + .seconds(60)) {
            done.fail(BenchmarkFailure("the server left requests unanswered for a minute"))
        }
        defer { overdue.cancel() }
        return try await done.futureResult.get()
    }

    func close() async {
        for channel in channels { try? await channel.close() }
    }
}

/// One load while it lasts. Bound to the clients' event loop.
private final class LoadRun {
    private let count: Int
    private let deadline: ContinuousClock.Instant
    private let begun = ContinuousClock.now
    private let request: (Int) -> ByteBuffer
    private let done: EventLoopPromise<LoadResult>
    private var sent = 0
    private var busyClients: Int
    private var latencies: [Duration] = []
    private var failure: String?

    init(
        count: Int, limit: Duration, clients: Int, request: @escaping (Int) -> ByteBuffer,
        done: EventLoopPromise<LoadResult>
    ) {
        self.count = count
        self.deadline = begun + limit
        self.busyClients = clients
        self.request = request
        self.done = done
    }

    func start(_ connection: LoadConnection) {
        var sentAt = begun
        connection.onFailure = { [self] problem in
            failure = failure ?? problem
            rest(connection)
        }
        connection.start { [self] answer in
            let now = ContinuousClock.now
            if let answer {
                latencies.append(now - sentAt)
                check(answer)
            }
            guard sent < count, now < deadline, failure == nil else {
                rest(connection)
                return nil
            }
            sentAt = now
            sent += 1
            return request(sent - 1)
        }
    }

    private func check(_ answer: MessageScanner.Message) {
        // `HTTP/1.1 201 Created`: the status's first digit.
        guard answer.startLine.count > 9, answer.startLine[9] != UInt8(ascii: "2"), failure == nil else { return }
        failure = "the server answered \(String(decoding: answer.startLine.dropLast(), as: UTF8.self))"
    }

    private func rest(_ connection: LoadConnection) {
        connection.onFailure = nil
        busyClients -= 1
        guard busyClients == 0 else { return }
        if let failure {
            done.fail(BenchmarkFailure(failure))
            return
        }
        let seconds = (ContinuousClock.now - begun) / .seconds(1)
        done.succeed(LoadResult(count: latencies.count, seconds: seconds, latencies: latencies.sorted()))
    }
}
