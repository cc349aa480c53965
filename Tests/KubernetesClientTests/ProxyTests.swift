import ClusterAPI
import HTTPTransport
import JSONTree
import KubernetesClient
import KubernetesModel
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Testing

@Suite("A proxy before the API server", .timeLimit(.minutes(1)))
struct ProxyTests {
    @Test("carries requests and watches alike, and is asked for the server by its authority")
    func tunnels() async throws {
        let proxy = try await TestProxy.start(answer: "HTTP/1.1 200 Connection established\r\nX: y\r\n\r\n")
        try await CannedServer.run { _ in
            CannedServer.json(.ok, ["apiVersion": "v1", "kind": "Pod", "metadata": ["name": "p"]])
        } configure: { _, connection in
            proxy.target.withLock { $0 = connection.endpoint.port }
            connection.proxy = HTTPEndpoint(isSecure: false, host: "127.0.0.1", port: proxy.port)
        } test: { server, client in
            for _ in 0..<2 { _ = try await client.get(.pods, namespace: "shop", name: "p") }
            _ = try await client.watch(.pods, namespace: "shop", WatchOptions(resourceVersion: "1"))
            #expect(server.requests.count == 3)
            let line = "CONNECT 127.0.0.1:\(client.connection.endpoint.port) HTTP/1.1"
            // One for the pool, one for the watch.
            #expect(proxy.asked.withLock { $0 } == [line, line])
        }
        try await proxy.channel.close()
    }

    @Test("that asks for a user is told the one in the kubeconfig, which no message shows")
    func credentials() async throws {
        let proxy = try await TestProxy.start(answer: "HTTP/1.1 200 Connection established\r\n\r\n")
        let url = "http://us%40er:pass%3Aword@127.0.0.1:\(proxy.port)"
        let config = KubeconfigTests.config(server: "{server: 'https://127.0.0.1:1', proxy-url: '\(url)'}")
        let read = try Kubeconfig(parsing: config, file: "/x/config").connection()
        #expect(read.proxy.map { "\($0)" } == "http://127.0.0.1:\(proxy.port)")
        try await CannedServer.run { _ in
            CannedServer.json(.ok, ["apiVersion": "v1", "kind": "Pod", "metadata": ["name": "p"]])
        } configure: { _, connection in
            proxy.target.withLock { $0 = connection.endpoint.port }
            connection.proxy = read.proxy
            connection.proxyCredentials = read.proxyCredentials
        } test: { _, client in
            _ = try await client.get(.pods, namespace: "shop", name: "p")
            // us@er:pass:word
            #expect(proxy.headers.withLock { $0 }.contains("Proxy-Authorization: Basic dXNAZXI6cGFzczp3b3Jk"))
        }
        try await proxy.channel.close()
    }

    @Test(
        "with a user that is none is refused by its field, without the secret", arguments: ["secret@", "a%zz:secret@"])
    func malformed(_ user: String) throws {
        let config = KubeconfigTests.config(server: "{server: 'https://h', proxy-url: 'http://\(user)p:1'}")
        let error = try #require(throws: KubeconfigError.self) {
            try Kubeconfig(parsing: config, file: "/x/config").connection()
        }
        #expect(error.field == "clusters[home].cluster.proxy-url")
        #expect(!"\(error)".contains("secret"))
    }

    @Test(
        "that refuses is named with its reason",
        arguments: [
            ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "407 Proxy Authentication Required"),
            ("220 mail.example ESMTP\r\n\r\n", "it does not speak HTTP/1.1"), ("", "it closed the connection"),
        ])
    func refuses(_ answer: String, _ reason: String) async throws {
        let proxy = try await TestProxy.start(answer: answer)
        try await CannedServer.run { _ in
            CannedServer.json(.ok, [:])
        } configure: { _, connection in
            connection.proxy = HTTPEndpoint(isSecure: false, host: "127.0.0.1", port: proxy.port)
        } test: { server, client in
            let error = try await #require(throws: ClusterUnreachable.self) {
                try await client.get(.pods, namespace: "shop", name: "p")
            }
            #expect("\(error)".hasPrefix("The proxy http://127.0.0.1:\(proxy.port) makes no connection to https://"))
            #expect("\(error)".hasSuffix("\(reason)."))
            #expect(server.requests.isEmpty)
        }
        try await proxy.channel.close()
    }
}

/// A proxy that answers what a test says, and carries bytes where that was a yes.
private final class TestProxy: Sendable {
    let channel: any Channel
    let target: Mutex<Int>
    let asked: Mutex<[String]>
    let headers: Mutex<[String]>
    var port: Int { channel.localAddress?.port ?? 0 }

    private init(_ channel: any Channel, _ state: State) {
        self.channel = channel
        target = Mutex(0)
        asked = Mutex([])
        headers = Mutex([])
        state.proxy.withLock { $0 = self }
    }

    private final class State: Sendable {
        let proxy = Mutex<TestProxy?>(nil)
    }

    static func start(answer: String) async throws -> TestProxy {
        let state = State()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Listening(answer, state))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return TestProxy(channel, state)
    }

    /// The client's side: the request first, then the tunnel.
    private final class Listening: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let answer: String
        private let state: State
        private var other: (any Channel)?

        init(_ answer: String, _ state: State) {
            self.answer = answer
            self.state = state
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            if let other { return other.writeAndFlush(Self.unwrapInboundIn(data), promise: nil) }
            let lines = String(buffer: Self.unwrapInboundIn(data)).split(whereSeparator: \.isNewline).map(String.init)
            let channel = context.channel
            guard let proxy = state.proxy.withLock({ $0 }), answer.contains(" 200 ") else {
                channel.writeAndFlush(ByteBuffer(string: answer)).whenComplete { _ in channel.close(promise: nil) }
                return
            }
            proxy.asked.withLock { $0 += lines.prefix(1) }
            proxy.headers.withLock { $0 += lines.dropFirst() }
            let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
            let answer = answer
            // On the same loop, so that both sides may be touched from either.
            ClientBootstrap(group: context.eventLoop)
                .channelInitializer { other in
                    other.eventLoop.makeCompletedFuture {
                        try other.pipeline.syncOperations.addHandler(Returning(channel))
                    }
                }
                .connect(host: "127.0.0.1", port: proxy.target.withLock { $0 })
                .whenSuccess { other in
                    bound.value.other = other
                    channel.writeAndFlush(ByteBuffer(string: answer), promise: nil)
                }
        }

        func channelInactive(context: ChannelHandlerContext) { other?.close(promise: nil) }
    }

    /// The server's side.
    private final class Returning: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let client: any Channel
        init(_ client: any Channel) { self.client = client }
        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            client.writeAndFlush(Self.unwrapInboundIn(data), promise: nil)
        }
        func channelInactive(context: ChannelHandlerContext) { client.close(promise: nil) }
    }
}
