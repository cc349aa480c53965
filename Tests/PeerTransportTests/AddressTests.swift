import NIOCore
import NIOPosix
import Sessions
import Testing
import Wire

@testable import PeerTransport

@Suite("Peers with several addresses", .timeLimit(.minutes(1))) struct AddressTests {
    /// Names for tests: each look-up gives the next list, the last one for ever.
    private struct FixedNames: NameLookup {
        let lists: Shared<[[SocketAddress]]>

        init(_ lists: [[SocketAddress]]) { self.lists = Shared(lists) }

        func addresses(of host: String, port: Int) async throws -> [SocketAddress] {
            lists.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
        }
    }

    private struct NoNames: NameLookup {
        func addresses(of host: String, port: Int) async throws -> [SocketAddress] {
            throw NameLookupError(description: "nobody knows")
        }
    }

    private func dialler(_ lists: [SocketAddress]...) -> PeerDialler {
        var dialler = PeerDialler(
            PeerAddress(host: "edge.example", port: 7443), group: .singletonMultiThreadedEventLoopGroup)
        dialler.names = FixedNames(lists)
        return dialler
    }

    private func place(_ port: Int, _ host: String = "127.0.0.1") throws -> SocketAddress {
        try SocketAddress(ipAddress: host, port: port)
    }

    @Test("addresses where nobody, somebody else, or something else answers are passed over")
    func several() async throws {
        let (edge, stranger) = (try TestEdge(), try TestEdge("stranger"))
        let (listener, other) = (try await edge.listen(), try await stranger.listen())
        let proxy = try await TestProxy.start(to: 9, answer: "HTTP/1.1 400 Bad Request\r\n\r\n")
        let closed = try await stranger.listen()
        let free = closed.port
        await closed.close()
        try await beside({ await listener.run() }) {
            let places = [try place(free), try place(other.port), try place(proxy.port), try place(listener.port)]
            let connection = try await dialler(places).connect(
                tls: try TestHub().context(for: edge), hello: TestHub().hello())
            #expect(connection.peer.clusterName == "rome")
            await connection.close()
        }
        await other.close()
        await proxy.stop()
    }

    @Test("where none of them is the peer, the error says so of each")
    func none() async throws {
        let strangers = [try TestEdge("one"), try TestEdge("two")]
        var listeners: [PeerListener] = []
        for stranger in strangers { listeners.append(try await stranger.listen()) }
        let edge = try TestEdge()
        let tls = try TestHub().context(for: edge)
        let dialler = dialler(try listeners.map { try place($0.port) })
        let error = await #expect(throws: PeerDialError.self) {
            try await dialler.connect(tls: tls, hello: TestHub().hello())
        }
        #expect(error?.end.code == .untrusted)
        #expect(error?.attempts.count == 1)
        #expect(error?.attempts.first?.hasPrefix("127.0.0.1:\(listeners[0].port): ") == true)
        for listener in listeners { await listener.close() }
    }

    @Test("a name without addresses is an error that may pass")
    func unknown() async throws {
        var dialler = dialler([])
        dialler.names = NoNames()
        let tls = try TestHub().context(for: try TestEdge())
        let error = await #expect(throws: PeerDialError.self) {
            try await dialler.connect(tls: tls, hello: TestHub().hello())
        }
        #expect(error?.attempts.first?.hasPrefix("edge.example: the name does not resolve (nobody knows)") == true)
        #expect(error?.isTransient == true)
    }

    @Test("IPv6 is dialled by its address, and by a name that has both")
    func version6() async throws {
        let edge = try TestEdge()
        let listener = try await edge.listen(host: "::1")
        try await beside({ await listener.run() }) {
            let address = try #require(PeerAddress("tls://[::1]:\(listener.port)"))
            let tls = try TestHub().context(for: edge)
            let direct = try await PeerDialler(address, group: .singletonMultiThreadedEventLoopGroup)
                .connect(tls: tls, hello: TestHub().hello())
            await direct.close()
            let named = try await dialler([try place(9), try place(listener.port, "::1")])
                .connect(tls: tls, hello: TestHub().hello())
            await named.close()
        }
    }

    @Test("a peer whose address changes is found again: the name is looked up for each attempt")
    func changing() async throws {
        let edge = try TestEdge()
        let (first, second) = (try await edge.listen(), try await edge.listen())
        let hub = TestHub()
        let places = [first.port, second.port].map { "127.0.0.1:\($0)" }
        let dialler = dialler([try place(first.port)], [try place(second.port)])
        let found = Collected<String>()
        let tls = try hub.context(for: edge)
        try await beside({ await first.run() }) {
            try await beside({ await second.run() }) {
                await dialler.run(
                    tls: { tls }, hello: { hub.hello() }, failed: { _ in .stop },
                    serve: { connection in
                        found.add(connection.remoteAddress)
                        // The second one ends the test: nobody is at either address any more.
                        if found.all.count == 2 { await second.close() }
                        await connection.close()
                    })
            }
        }
        #expect(Array(found.all.prefix(2)) == places)
    }

    @Test("TCP is asked to keep the way open, and to leave what it cannot send yet to the session")
    func socketOptions() async throws {
        let unsent = ChannelOptions.Types.SocketOption(level: .tcp, name: .init(rawValue: 25))
        let idle = ChannelOptions.Types.SocketOption(level: .tcp, name: .init(rawValue: 4))
        var server = ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        for (option, value) in PeerSocket.options { server = server.childChannelOption(option, value: value) }
        let listening = try await server.bind(host: "127.0.0.1", port: 0).get()
        var client = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        for (option, value) in PeerSocket.options { client = client.channelOption(option, value: value) }
        let channel = try await client.connect(to: try #require(listening.localAddress)).get()
        #expect(try await channel.getOption(idle).get() == 30)
        #expect(try await channel.getOption(.socketOption(.so_keepalive)).get() == 1)
        #expect(try await channel.getOption(.tcpOption(.tcp_nodelay)).get() == 1)
        #expect(try await channel.getOption(unsent).get() == 64 << 10)
        try await channel.close()
        try await listening.close()
    }
}
