import NIOPosix
import Sessions
import Testing
import Wire

@testable import PeerTransport

@Suite("Peers beyond an HTTP proxy", .timeLimit(.minutes(1))) struct ProxyTests {
    private let address = PeerAddress(host: "edge.example", port: 7443)

    private func dialler(_ choice: ProxyChoice, _ configuration: PeerTransportConfiguration = .init()) -> PeerDialler {
        PeerDialler(
            address, via: choice, configuration: configuration, group: .singletonMultiThreadedEventLoopGroup)
    }

    private func proxy(_ proxy: TestProxy) -> HTTPProxy { HTTPProxy(PeerAddress(host: "127.0.0.1", port: proxy.port)) }

    /// The attempt's error.
    private func failure(_ dialler: PeerDialler, _ edge: TestEdge) async throws -> PeerDialError? {
        let tls = try TestHub().context(for: edge)
        return await #expect(throws: PeerDialError.self) {
            try await dialler.connect(tls: tls, hello: TestHub().hello())
        }
    }

    @Test(
        "enrolments and sessions go through it; the name is the proxy's to find, and a wrong certificate is still refused"
    )
    func connects() async throws {
        let edge = try TestEdge()
        let listener = try await edge.listen()
        try await beside({ await listener.run() }) {
            let proxy = try await TestProxy.start(to: listener.port)
            let dialler = dialler(.proxy(self.proxy(proxy)))
            let enrolment = try await dialler.enrol(
                try edge.makeToken(), clusterID: "id-of-cloud", clusterName: "cloud", role: .hub,
                peerClusterID: edge.clusterID)
            let tls = try PeerTLS.dialler(
                identity: enrolment.identity, authorities: enrolment.authorities, peerClusterID: edge.clusterID)
            let connection = try await dialler.connect(tls: tls, hello: TestHub().hello())
            #expect(connection.peer.clusterName == "rome")
            #expect(
                proxy.requests
                    == Array(
                        repeating: "CONNECT edge.example:7443 HTTP/1.1\r\nHost: edge.example:7443\r\n\r\n", count: 2))
            await connection.close()
            let error = try await failure(dialler, try TestEdge())
            #expect(error?.end.code == .untrusted)
            await proxy.stop()
        }
    }

    @Test("the environment's user and password are shown to the proxy, and to nobody else")
    func credentials() async throws {
        let edge = try TestEdge()
        let listener = try await edge.listen()
        try await beside({ await listener.run() }) {
            // "me:se:cr@t" in base 64.
            let proxy = try await TestProxy.start(to: listener.port, authorization: "Basic bWU6c2U6Y3JAdA==")
            var configuration = PeerTransportConfiguration()
            configuration.proxies = try ProxySettings(environment: [
                "https_proxy": "http://me:se:cr%40t@127.0.0.1:\(proxy.port)/", "HTTPS_PROXY": "http://127.0.0.1:9",
                "NO_PROXY": "other.example",
            ])
            let connection = try await dialler(.automatic, configuration).connect(
                tls: try TestHub().context(for: edge), hello: TestHub().hello())
            await connection.close()
            let error = try await failure(dialler(.proxy(self.proxy(proxy))), edge)
            #expect(
                error?.description.contains("407 Proxy Authentication Required to CONNECT edge.example:7443") == true)
            configuration.proxies = try ProxySettings(environment: [
                "HTTPS_PROXY": "me:se:cr%40x@127.0.0.1:\(proxy.port)"
            ])
            let wrong = try #require(try await failure(dialler(.automatic, configuration), edge))
            for text in ["\(wrong)", String(reflecting: wrong)] {
                #expect(!text.contains("cr@x") && !text.contains("cr%40x"))
            }
            #expect(wrong.isTransient)
            await proxy.stop()
        }
    }

    @Test(
        "a proxy that does not connect is named with its answer",
        arguments: [
            ("HTTP/1.1 403 Forbidden\r\n\r\n", "403 Forbidden to CONNECT edge.example:7443: it does not allow"),
            ("HTTP/1.0 502\n\n", "502 to CONNECT"), ("SSH-2.0-OpenSSH\r\n\r\n", "does not speak HTTP"),
            ("HTTP/1.1 2000000000000000000000000 OK\r\n\r\n", "does not speak HTTP"),
            ("HTTP/1.1 200 OK\r\n\r\n\u{16}", "has sent more than an answer"),
            (String(repeating: "a", count: 20_000), "without an end"), ("", "has not answered CONNECT within"),
        ])
    func refusals(answer: String, words: String) async throws {
        let proxy = try await TestProxy.start(to: 9, answer: answer)
        var configuration = PeerTransportConfiguration()
        configuration.handshakeTimeout = .milliseconds(300)
        let error = try await failure(dialler(.proxy(self.proxy(proxy)), configuration), try TestEdge())
        #expect(error?.end.message.contains(words) == true, "\(String(describing: error))")
        #expect(error?.end.message.hasPrefix("the proxy http://127.0.0.1:\(proxy.port) ") == true)
        #expect(error?.isTransient == true)
        await proxy.stop()
    }

    @Test("a proxy that is not there is named with what was tried")
    func absent() async throws {
        let gone = try await TestProxy.start(to: 9)
        let (place, port) = (proxy(gone), gone.port)
        await gone.stop()
        let error = try await failure(dialler(.proxy(place)), try TestEdge())
        #expect(error?.attempts == ["127.0.0.1:\(port): connection refused"])
    }

    @Test(
        "exceptions from the proxy are those of NO_PROXY, and this machine itself",
        arguments: [
            ("example.com", "example.com:1", true), ("example.com", "a.example.com:1", true),
            ("example.com", "notexample.com:1", false), (".example.com", "example.com:1", false),
            (".example.com", "A.Example.COM:1", true), ("*.example.com", "a.example.com:1", true),
            ("a , example.com:7443", "example.com:7443", true), ("example.com:7443", "example.com:1", false),
            ("10.0.0.0/8", "10.2.3.4:1", true), ("10.0.0.0/8", "11.2.3.4:1", false),
            ("10.0.0.0/33", "10.2.3.4:1", false), ("192.0.2.7", "192.0.2.7:1", true),
            ("2001:db8::/32", "[2001:db8:1::1]:1", true), ("2001:db8::/32", "[2001:db9::1]:1", false),
            ("[2001:db8::1]:5", "[2001:db8::1]:5", true), ("[2001:db8::1]:5", "[2001:db8::1]:6", false),
            ("0.0.0.0/0", "name.example:1", false), ("*", "name.example:1", true), ("", "name.example:1", false),
            ("", "localhost:1", true), ("", "127.9.9.9:1", true), ("", "[::1]:1", true), ("", "[::2]:1", false),
        ])
    func exceptions(list: String, peer: String, isDirect: Bool) throws {
        let settings = try ProxySettings(environment: ["HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": list])
        let address = try #require(PeerAddress(peer))
        #expect((settings.proxy(for: address) == nil) == isDirect)
    }

    @Test("what is no proxy is refused, without being repeated")
    func malformed() throws {
        for text in [
            "https://proxy:1", "socks5://proxy:1", "http://", "http://proxy:0", "http://me:pass word@",
            "http://a:b%0d%0a@c:1",
            "http://me:%4@c:1", "http://justuser@c:1",
        ] {
            let error = #expect(throws: ProxySettingsError.self) {
                try ProxySettings(environment: ["HTTPS_PROXY": text])
            }
            #expect(text == "http://" || error?.description.contains(text) == false)
            #expect(ProxyChoice(text) == nil)
        }
        #expect(try ProxySettings(environment: ["HTTPS_PROXY": ""]).proxy == nil)
        #expect(HTTPProxy("proxy.example")?.address == PeerAddress(host: "proxy.example", port: 80))
        #expect(ProxyChoice("http://me:pass@proxy:1") == nil)
        #expect(ProxyChoice("direct") == .direct)
        #expect(ProxyChoice("") == .automatic)
        let hidden = try #require(HTTPProxy("http://me:pass@proxy:1"))
        #expect("\(hidden)" == "http://proxy:1")
    }
}
