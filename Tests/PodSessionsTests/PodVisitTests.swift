import ClusterAPI
import HTTPTransport
import JSONTree
import KubernetesModel
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import TestKit
import Testing

@testable import PodSessions

/// Both ends of the sessions, over HTTP: a server that lets into a pod of a ``FakeNode``, and clients of each protocol.
@Suite(.timeLimit(.minutes(1)))
struct PodVisitTests {
    /// How a client speaks.
    enum Way: String, CaseIterable, CustomTestStringConvertible {
        case webSocket5 = "v5.channel.k8s.io"
        case webSocket4 = "v4.channel.k8s.io"
        case spdy
        var testDescription: String { rawValue }
    }

    private struct Server: HTTPResponder {
        let node: any NodeEndpoint
        let wanted: ContainerRequest

        func respond(to request: HTTPRequest) async -> HTTPResponse {
            let pod = KubernetesObject(.pods, name: "web", namespace: "shop", ["metadata": ["uid": "u-1"]])
            let visit = PodVisit(pod, at: node)
            do throws(APIError) {
                switch request.path {
                case "/exec": return try visit.exec(request, wanted)
                case "/attach": return try visit.attach(request, wanted)
                default: return try visit.portForward(request, ports: try PodVisit.ports(request.query.all("ports")))
                }
            } catch {
                return .text(HTTPResponseStatus(statusCode: error.code), error.message)
            }
        }
    }

    private struct Refused: Error {
        let words: String
    }

    private static func with<Value: Sendable>(
        _ wanted: ContainerRequest, node: any NodeEndpoint = FakeNode(), _ body: (HTTPClient) async throws -> Value
    ) async throws -> Value {
        let server = try await HTTPServer.start(
            group: MultiThreadedEventLoopGroup.singleton, host: "127.0.0.1", port: 0, tls: nil,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            responder: Server(node: node, wanted: wanted))
        let client = try HTTPClient(
            endpoint: HTTPEndpoint(isSecure: false, host: "127.0.0.1", port: server.port), tls: nil,
            group: MultiThreadedEventLoopGroup.singleton)
        do {
            let value = try await body(client)
            await server.close(grace: .milliseconds(100))
            return value
        } catch {
            await server.close(grace: .zero)
            throw error
        }
    }

    private static func connect(
        _ client: HTTPClient, _ path: String, version: String
    ) async throws -> ByteConnection {
        let request = HTTPClientRequest(.POST, path, headers: ["X-Stream-Protocol-Version": version])
        switch try await client.upgrade(request, to: "SPDY/3.1") {
        case .switched(let connection, let headers):
            #expect(headers.first(name: "X-Stream-Protocol-Version") == version)
            return connection
        case .refused(let stream): throw Refused(words: String(buffer: try await stream.collect(upTo: 1000)))
        }
    }

    private static func call(
        _ way: Way, _ wanted: ContainerRequest, path: String = "/exec", node: any NodeEndpoint = FakeNode(),
        _ streams: ContainerStreams
    ) async throws -> Int {
        try await with(wanted, node: node) { client in
            guard way != .spdy else {
                let connection = try await connect(client, path, version: "v4.channel.k8s.io")
                defer { connection.close() }
                return try await ContainerCall(SPDYPeer(connection), for: wanted).run(streams)
            }
            switch try await client.webSocket(HTTPClientRequest(.GET, path), subprotocols: [way.rawValue]) {
            case .switched(let socket, _):
                defer { socket.close() }
                return try await ContainerCall(socket).run(streams)
            case .refused(let stream): throw Refused(words: String(buffer: try await stream.collect(upTo: 1000)))
            }
        }
    }

    /// A client that types these, and then nothing more.
    private final class Typist: Sendable {
        private let inputs: Mutex<[ContainerStreams.Input]>
        let output = Mutex<[UInt8]>([])
        let errors = Mutex<[UInt8]>([])

        init(_ inputs: [ContainerStreams.Input]) { self.inputs = Mutex(inputs) }

        var streams: ContainerStreams {
            ContainerStreams(
                receive: {
                    if let next = self.inputs.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { return next }
                    try await Task.sleep(for: .seconds(60))
                    return nil
                },
                send: { output in
                    switch output {
                    case .standardOutput(let bytes): self.output.withLock { $0 += bytes }
                    case .standardError(let bytes): self.errors.withLock { $0 += bytes }
                    }
                })
        }
    }

    private static func request(_ command: String..., terminal: Bool = false) -> ContainerRequest {
        ContainerRequest(
            container: "c", command: command, standardInput: true, standardOutput: true, standardError: !terminal,
            terminal: terminal)
    }

    @Test(
        "a program gets its input to the end, its output arrives apart, and its exit status is told",
        arguments: [Way.webSocket5, .spdy])
    func program(way: Way) async throws {
        let large = [UInt8](repeating: 65, count: 300_000)
        let typist = Typist([.bytes([1, 2]), .bytes(large), .end])
        #expect(try await Self.call(way, Self.request("cat"), typist.streams) == 0)
        #expect(typist.output.withLock { $0 } == [1, 2] + large)
        #expect(try await Self.call(way, Self.request("exit", "37"), Typist([]).streams) == 37)
    }

    @Test("a terminal's sizes arrive", arguments: [Way.webSocket5, .spdy])
    func sizes(way: Way) async throws {
        // The fake tells of sizes on standard error, which a terminal has not: the size is seen by a node that keeps it.
        let node = SizeKeeper()
        let typist = Typist([.resize(columns: 99, rows: 33), .end])
        #expect(try await Self.call(way, Self.request("size", terminal: true), node: node, typist.streams) == 0)
        #expect(node.inputs.withLock { $0 } == [.resize(columns: 99, rows: 33), .end])
    }

    @Test("a program that takes no input ends for clients of the older protocol, too", arguments: Way.allCases)
    func withoutInput(way: Way) async throws {
        var request = Self.request("flood", "40")
        request.standardInput = false
        let typist = Typist([])
        #expect(try await Self.call(way, request, typist.streams) == 0)
        #expect(typist.output.withLock { $0.count } == 40 * (32 << 10))
    }

    @Test("what cannot be run is refused in the node's words", arguments: Way.allCases)
    func refused(way: Way) async throws {
        let error = try await #require(throws: APIError.self) {
            _ = try await Self.call(way, Self.request("nothing"), Typist([]).streams)
        }
        #expect(error.code == 500 && error.message.contains("executable file not found"), "\(error)")
    }

    @Test("attach carries the main program's streams", arguments: [Way.webSocket5, .spdy])
    func attach(way: Way) async throws {
        let typist = Typist([.bytes([5]), .end])
        #expect(try await Self.call(way, Self.request(), path: "/attach", typist.streams) == 0)
        #expect(typist.output.withLock { $0 } == [5])
    }

    @Test("the program is ended when the client goes", arguments: Way.allCases)
    func clientGoes(way: Way) async throws {
        let node = FakeNode()
        let streams = ContainerStreams(
            receive: {
                try await eventually("the program runs") { !node.begun.isEmpty }
                return nil
            }, send: { _ in })
        await #expect(throws: CancellationError.self) {
            _ = try await Self.call(way, Self.request("hang"), node: node, streams)
        }
        try await eventually("the program is ended") { node.cancelled == 1 }
    }

    @Test(
        "clients of an old protocol over SPDY are told in words", arguments: ["v2.channel.k8s.io", "v3.channel.k8s.io"])
    func words(version: String) async throws {
        try await Self.with(Self.request("exit", "3")) { client in
            let connection = try await Self.connect(client, "/exec", version: version)
            defer { connection.close() }
            let encoder = try SPDYFrameEncoder()
            for (id, type) in [(1, "error"), (3, "stdin"), (5, "stdout"), (7, "stderr")] as [(UInt32, String)] {
                try await connection.send(
                    ByteBuffer(
                        bytes: try encoder.encode(.synStream(stream: id, headers: ["streamtype": type], isLast: false)))
                )
            }
            var decoder = try SPDYFrameDecoder()
            var word: String?
            while word == nil, let bytes = try await connection.receive() {
                decoder.append(bytes.readableBytesView)
                while let frame = try decoder.next() {
                    if case .data(1, let bytes, true) = frame { word = String(decoding: bytes, as: UTF8.self) }
                }
            }
            #expect(word == "command terminated with non-zero exit code: command terminated with exit code 3")
        }
    }

    @Test("ports are forwarded over SPDY, each direction to its end")
    func forward() async throws {
        try await Self.with(Self.request()) { client in
            let connection = try await Self.connect(client, "/portforward", version: "portforward.k8s.io")
            defer { connection.close() }
            let inputs = Mutex<[[UInt8]]>([[1], [2, 3]])
            let outputs = Mutex<[[UInt8]]>([])
            try await PortForwardCall(SPDYPeer(connection), port: 7).run(
                ByteStreams(
                    receive: { inputs.withLock { $0.isEmpty ? nil : $0.removeFirst() } },
                    send: { bytes in outputs.withLock { $0.append(bytes) } }))
            #expect(outputs.withLock { $0.flatMap { $0 } } == [1, 2, 3])
            #expect(outputs.withLock { $0.last } == [])
        }
    }

    @Test("a port where nobody listens is refused in the node's words")
    func closedPort() async throws {
        try await Self.with(Self.request()) { client in
            let connection = try await Self.connect(client, "/portforward", version: "portforward.k8s.io")
            defer { connection.close() }
            let error = try await #require(throws: APIError.self) {
                try await PortForwardCall(SPDYPeer(connection), port: 81).run(
                    ByteStreams(
                        receive: {
                            try await Task.sleep(for: .seconds(60))
                            return nil
                        }, send: { _ in }))
            }
            #expect(error.message.contains("connection refused"), "\(error)")
        }
    }

    @Test("ports that the request names are forwarded over WebSocket channels, and a closed one says so on its own")
    func channels() async throws {
        try await Self.with(Self.request()) { client in
            let answer = try await client.webSocket(
                HTTPClientRequest(.GET, "/portforward?ports=7&ports=300,81"), subprotocols: ["v4.channel.k8s.io"])
            guard case .switched(let socket, _) = answer else { throw Refused(words: "not switched") }
            defer { socket.close() }
            try await socket.send(ByteBuffer(bytes: [0, 1, 2]))
            try await socket.send(ByteBuffer(bytes: [2, 3]))
            // Nobody's: a channel of errors, one that is not there, and none.
            for message in [[1, 9], [200, 9], []] as [[UInt8]] { try await socket.send(ByteBuffer(bytes: message)) }
            var messages: Set<[UInt8]> = []
            var refusal = ""
            while messages.count < 8 || refusal.isEmpty, let message = try await socket.receive() {
                let bytes = Array(message.readableBytesView)
                if bytes.count > 10 { refusal = String(decoding: bytes, as: UTF8.self) } else { messages.insert(bytes) }
            }
            #expect(
                messages == [
                    [0, 7, 0], [1, 7, 0], [2, 44, 1], [3, 44, 1], [4, 81, 0], [5, 81, 0], [0, 1, 2], [2, 3],
                ])
            #expect(refusal.hasPrefix("\u{5}error forwarding port 81 to pod web, uid u-1: "), "\(refusal)")
        }
    }

    @Test("a query's ports are numbers from 1 to 65535, not too many")
    func ports() throws {
        #expect(try PodVisit.ports(["80", "81,82"]) == [80, 81, 82])
        for values in [["0"], ["65536"], [""], ["80,"], ["a"], [String](repeating: "1", count: 128)] {
            #expect(throws: APIError.self) { _ = try PodVisit.ports(values) }
        }
    }

    @Test("input that comes before a program's streams is bounded")
    func early() async throws {
        let frames = Mutex<[SPDYFrame]>(
            [.synStream(stream: 1, headers: ["streamtype": "stdin"], isLast: false)]
                + [SPDYFrame](
                    repeating: .data(stream: 1, bytes: [UInt8](repeating: 0, count: 500_000), isLast: false), count: 9))
        let streams = try SPDYContainerStreams(
            SPDYPeer(
                receive: {
                    guard let next = frames.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else { return nil }
                    return ByteBuffer(bytes: try SPDYFrameEncoder().encode(next))
                }, send: { _ in }), for: Self.request("cat"), subprotocol: "v4.channel.k8s.io")
        await #expect(throws: SPDYError.self) { _ = try await streams.open() }
        #expect(frames.withLock { $0.count } == 6)
    }

    @Test("a client that does not open its streams is given up, and one that goes meanwhile is gone")
    func late() async throws {
        let silent = try SPDYContainerStreams(
            SPDYPeer(
                receive: {
                    try await Task.sleep(for: .seconds(60))
                    return nil
                }, send: { _ in }), for: Self.request("cat"), subprotocol: "v4.channel.k8s.io")
        await #expect(throws: SPDYError.self) { _ = try await silent.open(within: .milliseconds(20)) }
        let gone = try SPDYContainerStreams(
            SPDYPeer(receive: { nil }, send: { _ in }), for: Self.request("cat"), subprotocol: "v4.channel.k8s.io")
        #expect(try await !gone.open())
    }

    @Test(
        "a request for no upgrade, or for protocols that nobody speaks here, is refused",
        arguments: [
            ([:], 400, "Upgrade request required"), (["Connection": "Upgrade", "Upgrade": "h2c"], 400, "required"),
            (["Connection": "Upgrade", "Upgrade": "SPDY/3.1"], 403, "the client speaks []"),
            (
                ["Connection": "Upgrade", "Upgrade": "SPDY/3.1", "X-Stream-Protocol-Version": "v9.channel.k8s.io"], 403,
                "v9.channel.k8s.io"
            ),
            (["Connection": "Upgrade", "Upgrade": "websocket"], 400, "v5.channel.k8s.io"),
        ] as [(HTTPHeaders, Int, String)])
    func unspoken(headers: HTTPHeaders, status: Int, words: String) async throws {
        try await Self.with(Self.request("cat")) { client in
            let answer = try await client.execute(HTTPClientRequest(.GET, "/exec", headers: headers))
            #expect(answer.status.code == UInt(status))
            #expect(String(buffer: answer.body).contains(words), "\(String(buffer: answer.body))")
        }
    }
}

/// A node whose programs keep what was typed, until the end of it.
private final class SizeKeeper: NodeEndpoint {
    let inputs = Mutex<[ContainerStreams.Input]>([])

    func podLogs(_ pod: KubernetesObject, _ options: LogOptions) async throws -> AsyncThrowingStream<[UInt8], any Error>
    { throw APIError.internalError("no logs here") }

    func exec(_ pod: KubernetesObject, _ request: ContainerRequest, _ client: ContainerStreams) async throws -> Int {
        while let input = try await client.receive() {
            inputs.withLock { $0.append(input) }
            if input == .end { return 0 }
        }
        throw CancellationError()
    }
}
