import HTTPTransport
import NIOCore
import NIOPosix
import Synchronization
import TLSTransport

/// Clients that keep one server busy, spread over the event loops of a group: which cores are whose is for the system to
/// say, as it is for clients that are programs of their own.
final class LoadGenerator: Sendable {
    /// The clients of one event loop.
    fileprivate struct Lane: Sendable {
        let eventLoop: any EventLoop
        var channels: [any Channel] = []
        var connections: [NIOLoopBound<LoadConnection>] = []
    }

    private let lanes: [Lane]

    private init(_ lanes: [Lane]) { self.lanes = lanes }

    /// Opens a connection for each client.
    static func connect(
        clients: Int, to endpoint: HTTPEndpoint, tls: TLSContext, on group: any EventLoopGroup
    ) async throws -> LoadGenerator {
        var lanes = group.makeIterator().map { Lane(eventLoop: $0) }
        for client in 0..<clients {
            let lane = client % lanes.count
            let eventLoop = lanes[lane].eventLoop
            let ready = eventLoop.makePromise(of: Void.self)
            let made = eventLoop.makePromise(of: NIOLoopBound<LoadConnection>.self)
            let channel = try await ClientBootstrap(group: eventLoop)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                // Few calls for long answers: the system's work for the clients is not what is measured.
                .channelOption(
                    .recvAllocator,
                    value: AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 16384, maximum: 1 << 18)
                )
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let connection = LoadConnection(ready: ready)
                        try channel.pipeline.syncOperations.addHandlers([TLSHandler(context: tls), connection])
                        made.succeed(NIOLoopBound(connection, eventLoop: eventLoop))
                    }
                }
                .connect(host: endpoint.host, port: endpoint.port).get()
            try await ready.futureResult.get()
            lanes[lane].channels.append(channel)
            lanes[lane].connections.append(try await made.futureResult.get())
        }
        return LoadGenerator(lanes.filter { !$0.connections.isEmpty })
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
        let numbers = RequestNumbers(count: count)
        let parts = lanes.map { $0.run(numbers, atMost: limit, request: request) }
        var results: [LoadResult] = []
        for part in parts { results.append(try await part.get()) }
        return LoadResult(merging: results)
    }

    func close() async {
        for channel in lanes.flatMap(\.channels) { try? await channel.close() }
    }
}

extension LoadGenerator.Lane {
    fileprivate func run(
        _ numbers: RequestNumbers, atMost limit: Duration, request: @escaping @Sendable (Int) -> ByteBuffer
    ) -> EventLoopFuture<LoadResult> {
        let done = eventLoop.makePromise(of: LoadResult.self)
        eventLoop.execute { [connections] in
            let run = LoadRun(
                numbers: numbers, limit: limit, clients: connections.count, request: request, done: done)
            for connection in connections { run.start(connection.value) }
        }
        // Answers are awaited beyond the limit, but not for ever.
        let overdue = eventLoop.scheduleTask(in: TimeAmount(limit) + .seconds(60)) {
            done.fail(BenchmarkFailure("the server left requests unanswered for a minute"))
        }
        done.futureResult.whenComplete { _ in overdue.cancel() }
        return done.futureResult
    }
}

/// Hands out the numbers of a load's requests, each once, to all event loops.
private final class RequestNumbers: Sendable {
    private let count: Int
    private let given = Atomic(0)

    init(count: Int) { self.count = count }

    /// The next number; `nil` when there are no more.
    func next() -> Int? {
        let number = given.add(1, ordering: .relaxed).oldValue
        return number < count ? number : nil
    }
}

/// One load while it lasts, as far as one event loop's clients make it. Bound to that loop.
private final class LoadRun {
    private let numbers: RequestNumbers
    private let deadline: ContinuousClock.Instant
    private let begun = ContinuousClock.now
    private let request: (Int) -> ByteBuffer
    private let done: EventLoopPromise<LoadResult>
    private var busyClients: Int
    private var latencies: [Duration] = []
    private var longest = 0
    private var failure: String?

    init(
        numbers: RequestNumbers, limit: Duration, clients: Int, request: @escaping (Int) -> ByteBuffer,
        done: EventLoopPromise<LoadResult>
    ) {
        self.numbers = numbers
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
                longest = max(longest, answer.length)
                check(answer)
            }
            guard now < deadline, failure == nil, let number = numbers.next() else {
                rest(connection)
                return nil
            }
            sentAt = now
            return request(number)
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
        done.succeed(LoadResult(count: latencies.count, seconds: seconds, latencies: latencies, longest: longest))
    }
}
