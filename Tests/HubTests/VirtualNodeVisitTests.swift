import ClusterAPI
import KubernetesModel
import Sessions
import Synchronization
import TestKit
import Testing

/// Exec, attach and port-forward of an offloaded pod, from the origin's node endpoint to the edge's cluster.
@Suite("Visits through the peering", .timeLimit(.minutes(1)), .serialized) struct VirtualNodeVisitTests {
    private func with(
        _ body: (_ pair: PeeredPair, _ node: FakeNode, _ endpoint: any NodeEndpoint, _ pod: KubernetesObject)
            async throws
            -> Void
    ) async throws {
        let pair = try await PeeredPair()
        let node = FakeNode()
        pair.edge.node = node
        try await pair.run {
            try await pair.peer()
            try await eventually("peered") { try await pair.isEstablished() }
            try await pair.offload()
            try await eventually("offloaded") { try await pair.phase() == "Ready" }
            try await pair.createPod("p")
            try await eventually("the pod is at the edge") { try await pair.edgePod("p") != nil }
            try await pair.run(pod: "p")
            let pod = try #require(try await pair.originPod("p"))
            let endpoint = try #require(pair.endpoints["liqo-rome"])
            // The agent answers for what it has seen of its own cluster.
            try await eventually("the agent knows the pod") {
                (try? await endpoint.exec(pod, Self.request(["exit"]), RecordingClient().streams)) == 0
            }
            try await body(pair, node, endpoint, pod)
        }
    }

    private static func request(_ command: [String], terminal: Bool = false) -> ContainerRequest {
        ContainerRequest(
            container: "c", command: command, standardInput: true, standardOutput: true, standardError: !terminal,
            terminal: terminal)
    }

    /// A connection of a client's, with what it sends and what came back.
    private final class Connection: Sendable {
        let received = Mutex<[UInt8]>([])
        let isEnded = Mutex(false)
        private let chunks: AsyncStream<[UInt8]>
        let input: AsyncStream<[UInt8]>.Continuation
        private let gate: (@Sendable () async -> Void)?

        /// - Parameter gate: before which nothing is taken.
        init(gate: (@Sendable () async -> Void)? = nil) {
            (chunks, input) = AsyncStream.makeStream()
            self.gate = gate
        }

        var streams: ByteStreams {
            ByteStreams(
                receive: { [chunks] in
                    var iterator = chunks.makeAsyncIterator()
                    return await iterator.next()
                },
                send: { [self] bytes in
                    await gate?()
                    received.withLock { $0 += bytes }
                    if bytes.isEmpty { isEnded.withLock { $0 = true } }
                })
        }
    }

    @Test("exit status, input, output, sizes and the edge's words come through")
    func exec() async throws {
        try await with { _, _, endpoint, pod in
            #expect(try await endpoint.exec(pod, Self.request(["exit", "37"]), RecordingClient().streams) == 37)
            let long = [UInt8](repeating: 97, count: 200_000)
            let client = RecordingClient([.bytes(long), .resize(columns: 99, rows: 33), .bytes([98]), .end])
            #expect(try await endpoint.exec(pod, Self.request(["cat"]), client.streams) == 0)
            #expect(client.output.withLock { Array($0.utf8) } == long + [98])
            #expect(client.error.withLock { $0 } == "99x33")
            let error = await #expect(throws: APIError.self) {
                _ = try await endpoint.exec(pod, Self.request(["nope"]), RecordingClient().streams)
            }
            #expect(error?.code == 500)
            #expect(
                error?.message == "Internal error occurred: exec: \"nope\": executable file not found in $PATH")
            let attached = RecordingClient([.bytes([99]), .end])
            try await endpoint.attach(pod, Self.request([]), attached.streams)
            #expect(attached.output.withLock { $0 } == "c")
        }
    }

    @Test("a client that goes ends its program at the edge, though it neither reads nor writes")
    func leaving() async throws {
        try await with { _, node, endpoint, pod in
            let client = RecordingClient()
            let visit = Task { try await endpoint.exec(pod, Self.request(["hang"]), client.streams) }
            try await eventually("it runs") { node.begun.last == "exec shop/p hang" }
            client.input.finish()
            await #expect(throws: CancellationError.self) { _ = try await visit.value }
            try await eventually("it is ended") { node.cancelled == 1 }
        }
    }

    @Test("two hundred clients at once each get their own, while one that does not read waits and loses nothing")
    func many() async throws {
        try await with { _, _, endpoint, pod in
            let (gate, open) = AsyncStream<Void>.makeStream()
            let taken = Mutex(0)
            let slow = ContainerStreams(
                receive: {
                    try await Task.sleep(for: .seconds(60))
                    return nil
                },
                send: { output in
                    for await _ in gate {}
                    if case .standardOutput(let bytes) = output { taken.withLock { $0 += bytes.count } }
                })
            let waiting = Task { try await endpoint.exec(pod, Self.request(["flood", "100"]), slow) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        let text = "client \(number)"
                        let client = RecordingClient([.bytes(Array(text.utf8)), .end])
                        let status = try await endpoint.exec(pod, Self.request(["cat"]), client.streams)
                        #expect(status == 0)
                        #expect(client.output.withLock { $0 } == text)
                    }
                }
                try await group.waitForAll()
            }
            #expect(taken.withLock { $0 } == 0)
            open.finish()
            #expect(try await waiting.value == 0)
            #expect(taken.withLock { $0 } == 100 * (32 << 10))
        }
    }

    @Test("more clients than a connection holds are told so, and the peering stays Ready")
    func tooMany() async throws {
        try await with { pair, node, endpoint, pod in
            let visits = (0..<240).map { _ in
                let client = RecordingClient()
                return (client, Task { try await endpoint.exec(pod, Self.request(["hang"]), client.streams) })
            }
            try await eventually("as many run as there is room for") {
                node.begun.filter { $0.hasSuffix("hang") }.count >= 230
            }
            let refused = try await eventually("some are refused") { () -> APIError? in
                do {
                    _ = try await endpoint.exec(pod, Self.request(["exit"]), RecordingClient().streams)
                    return nil
                } catch let error as APIError {
                    return error
                }
            }
            #expect(refused.code == 429 && refused.message.contains("close some first"))
            #expect(try await pair.isEstablished())
            for (client, visit) in visits {
                client.input.finish()
                _ = await visit.result
            }
            try await eventually("there is room again") {
                (try? await endpoint.exec(pod, Self.request(["exit"]), RecordingClient().streams)) == 0
            }
            #expect(node.begun.filter { $0.hasSuffix("hang") }.count >= 230)
        }
    }

    @Test("connections to ports are carried side by side, each direction ends for itself, and failures are told")
    func ports() async throws {
        try await with { _, node, endpoint, pod in
            // Its client never reads, and the pod writes without end.
            let stuck = Connection(gate: { try? await Task.sleep(for: .seconds(60)) })
            let waiting = Task { try await endpoint.forward(pod, port: 82, stuck.streams) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        let connection = Connection()
                        let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ number) }
                        connection.input.yield(bytes)
                        connection.input.finish()
                        try await endpoint.forward(pod, port: 80, connection.streams)
                        #expect(connection.received.withLock { $0 } == bytes)
                        #expect(connection.isEnded.withLock { $0 })
                    }
                }
                try await group.waitForAll()
            }
            let error = await #expect(throws: APIError.self) {
                try await endpoint.forward(pod, port: 81, Connection().streams)
            }
            #expect(error?.message == "failed to connect: connection refused")
            waiting.cancel()
            _ = await waiting.result
            try await eventually("the pod's side is ended") { node.cancelled == 1 }
        }
    }

    @Test("an agent that stops ends the sessions, and says so; later ones are told that it is away")
    func lost() async throws {
        try await with { pair, node, endpoint, pod in
            let program = Task { try await endpoint.exec(pod, Self.request(["cat"]), RecordingClient().streams) }
            let port = Task { try await endpoint.forward(pod, port: 80, Connection().streams) }
            try await eventually("both run") {
                node.begun.suffix(2).sorted() == ["exec shop/p cat", "forward shop/p 80"]
            }
            await pair.stopAgent()
            for result in [await program.result.map { _ in }, await port.result] {
                let error = #expect(throws: APIError.self) { try result.get() }
                #expect(error?.message == "the agent of rome has stopped the session")
            }
            try await eventually("it is known") {
                do {
                    _ = try await endpoint.exec(pod, Self.request(["exit"]), RecordingClient().streams)
                    return false
                } catch let error as APIError {
                    return error.code == 503 && error.message.contains("edge rome is not connected")
                }
            }
            try await pair.startAgent()
            try await eventually("it is back") {
                (try? await endpoint.exec(pod, Self.request(["exit", "5"]), RecordingClient().streams)) == 5
            }
        }
    }
}
