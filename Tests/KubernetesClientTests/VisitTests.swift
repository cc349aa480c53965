import ClusterAPI
import HTTPTransport
import JSONTree
import KubernetesModel
import NIOCore
import NIOHTTP1
import PodSessions
import Synchronization
import TestKit
import Testing

@testable import KubernetesClient

/// Ways into pods through an API server, which hands them on to a ``FakeNode``.
@Suite("Visits to pods", .timeLimit(.minutes(1)))
struct VisitTests {
    private let node = FakeNode()

    private func visit(_ request: HTTPRequest) throws(APIError) -> HTTPResponse {
        let pod = KubernetesObject(.pods, name: "web", namespace: "shop", ["metadata": ["uid": "u-1"]])
        let visit = PodVisit(pod, at: node)
        func flag(_ name: String) -> Bool { request.query[name] == "true" }
        let wanted = ContainerRequest(
            container: request.query["container"] ?? "", command: request.query.all("command"),
            standardInput: flag("stdin"), standardOutput: flag("stdout"), standardError: flag("stderr"),
            terminal: flag("tty"))
        switch request.pathSegments.last {
        case "exec": return try visit.exec(request, wanted)
        case "attach": return try visit.attach(request, wanted)
        default: return try visit.portForward(request, ports: try PodVisit.ports(request.query.all("ports")))
        }
    }

    private func answer(_ request: HTTPRequest) -> HTTPResponse {
        do {
            return try visit(request)
        } catch {
            return CannedServer.json(HTTPResponseStatus(statusCode: error.code), error.status)
        }
    }

    private static let request = ContainerRequest(
        container: "c", command: ["cat"], standardInput: true, standardOutput: true, standardError: true)

    /// A client that types the bytes and their end, and keeps what it is sent.
    private final class Typist: Sendable {
        private let inputs: Mutex<[ContainerStreams.Input]>
        let output = Mutex<[UInt8]>([])

        init(_ bytes: [UInt8]) { inputs = Mutex([.bytes(bytes), .end]) }

        var streams: ContainerStreams {
            ContainerStreams(
                receive: {
                    if let next = self.inputs.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { return next }
                    try await Task.sleep(for: .seconds(60))
                    return nil
                },
                send: { if case .standardOutput(let bytes) = $0 { self.output.withLock { $0 += bytes } } })
        }
    }

    @Test("a program runs over a WebSocket where the server speaks the newest protocol")
    func webSocket() async throws {
        try await CannedServer.run(answer) { server, client in
            let typist = Typist([1, 2, 3])
            #expect(try await client.exec(namespace: "shop", name: "web", Self.request, typist.streams) == 0)
            #expect(typist.output.withLock { $0 } == [1, 2, 3])
            #expect(
                server.lines == [
                    "GET /api/v1/namespaces/shop/pods/web/exec?container=c&command=cat&stdin=true&stdout=true&stderr=true"
                ])
            var exit = Self.request
            exit.command = ["exit", "4"]
            #expect(try await client.exec(namespace: "shop", name: "web", exit, Typist([]).streams) == 4)
            try await client.attach(namespace: "shop", name: "web", Self.request, Typist([]).streams)
        }
        #expect(node.begun == ["exec shop/web cat", "exec shop/web exit 4", "attach shop/web"])
    }

    @Test("and over SPDY where it does not, as nodes before 1.30 refuse the handshake")
    func fallback() async throws {
        try await CannedServer.run { [answer] request in
            request.headers.contains(name: "sec-websocket-key")
                ? HTTPResponse(status: .forbidden) : answer(request)
        } test: { server, client in
            let typist = Typist([1, 2, 3])
            let status = try await client.exec(namespace: "shop", name: "web", Self.request, typist.streams)
            #expect(status == 0)
            #expect(typist.output.withLock { $0 } == [1, 2, 3])
            #expect(server.requests.map(\.method) == [.GET, .POST])
        }
    }

    @Test("a WebSocket that cannot end the input is taken only where there is none")
    func offered() async throws {
        try await CannedServer.run(answer) { server, client in
            var silent = Self.request
            silent.standardInput = false
            silent.command = ["exit", "0"]
            _ = try await client.exec(namespace: "shop", name: "web", silent, Typist([]).streams)
            _ = try await client.exec(namespace: "shop", name: "web", Self.request, Typist([]).streams)
            #expect(
                server.requests.map { $0.headers[canonicalForm: "sec-websocket-protocol"].map { String($0) } }
                    == [["v5.channel.k8s.io", "v4.channel.k8s.io"], ["v5.channel.k8s.io"]])
        }
    }

    @Test("ports are forwarded, and what the node says of a closed one is heard")
    func forward() async throws {
        try await CannedServer.run(answer) { server, client in
            let inputs = Mutex<[[UInt8]]>([[1], [2]])
            let output = Mutex<[UInt8]>([])
            try await client.forward(
                namespace: "shop", name: "web", port: 7,
                ByteStreams(
                    receive: { inputs.withLock { $0.isEmpty ? nil : $0.removeFirst() } },
                    send: { bytes in output.withLock { $0 += bytes } }))
            #expect(output.withLock { $0 } == [1, 2])
            #expect(server.lines == ["POST /api/v1/namespaces/shop/pods/web/portforward"])
            let error = try await #require(throws: APIError.self) {
                try await client.forward(
                    namespace: "shop", name: "web", port: 81, ByteStreams(receive: { nil }, send: { _ in }))
            }
            #expect(error.message.contains("connection refused"), "\(error)")
        }
    }

    @Test("what the API refuses is refused at once, and not asked in another protocol")
    func refused() async throws {
        try await CannedServer.run { _ in
            let error = APIError.notFound(.pods, "web")
            return CannedServer.json(.notFound, error.status)
        } test: { server, client in
            let error = try await #require(throws: APIError.self) {
                _ = try await client.exec(namespace: "shop", name: "web", Self.request, Typist([]).streams)
            }
            #expect(error.isNotFound)
            #expect(server.requests.count == 1)
        }
    }

    @Test("a server that ends the session before the program is away, not done")
    func cutShort() async throws {
        try await CannedServer.run { request in
            WebSocketUpgrade(request, subprotocols: ["v5.channel.k8s.io"]) { _ in }?.response
                ?? .text(.badRequest, "no")
        } test: { _, client in
            await #expect(throws: ClusterUnreachable.self) {
                _ = try await client.exec(namespace: "shop", name: "web", Self.request, Typist([]).streams)
            }
        }
    }

    @Test(
        "a server that sends what is no message is not believed",
        arguments: [[9, 1], [3, 0x7B], [255]] as [[UInt8]])
    func nonsense(message: [UInt8]) async throws {
        try await CannedServer.run { request in
            let upgrade = WebSocketUpgrade(request, subprotocols: ["v5.channel.k8s.io"]) { socket in
                try await socket.send(ByteBuffer(bytes: message))
                while try await socket.receive() != nil {}
            }
            return upgrade?.response ?? .text(.badRequest, "no")
        } test: { _, client in
            await #expect(throws: ClusterUnreachable.self) {
                _ = try await client.exec(namespace: "shop", name: "web", Self.request, Typist([]).streams)
            }
        }
    }
}
