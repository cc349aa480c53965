import HTTPTransport
import NIOHTTP1
import Testing

@Suite struct HTTPTextTests {
    @Test(
        "URLs become endpoints",
        arguments: [
            ("https://example.org", "https://example.org:443", ""),
            ("HTTPS://example.org:6443/", "https://example.org:6443", ""),
            ("http://[::1]:8080/k8s/clusters/c-1/", "http://[::1]:8080/k8s/clusters/c-1", "/k8s/clusters/c-1"),
            ("https://[fd00::1]", "https://[fd00::1]:443", ""),
            ("http://127.0.0.1", "http://127.0.0.1:80", ""),
        ])
    func endpoint(url: String, text: String, basePath: String) throws {
        let endpoint = try HTTPEndpoint(url: url)
        #expect(endpoint.description == text)
        #expect(endpoint.basePath == basePath)
    }

    @Test(
        "what is not a server's URL is refused by name",
        arguments: [
            "", "example.org", "ftp://example.org", "https://", "https://:6443", "https://x:0", "https://x:65536",
            "https://x:abc", "https://x:+1", "https://[::1", "https://[::1]x", "https://user@x", "https://x?y",
            "https://x y",
        ])
    func notAnEndpoint(url: String) throws {
        let error = try #require(throws: HTTPTransportError.self) { try HTTPEndpoint(url: url) }
        #expect(error.code == .invalidConfiguration)
        #expect(error.message.contains("\"\(url)\""))
    }

    @Test("percent-encoding there and back", arguments: ["", "plain", "a/b c", "ü€𝄞", "100%", "a+b=c&d", "\0\u{7f}"])
    func percentEncoding(text: String) {
        let encoded = PercentEncoding.encode(text)
        #expect(encoded.utf8.allSatisfy { $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "+") })
        #expect(PercentEncoding.decode(encoded[...]) == text)
        #expect(PercentEncoding.decode(encoded[...], plusIsSpace: true) == text)
    }

    @Test("malformed escapes are nil", arguments: ["%", "%1", "%zz", "%ff", "a%2", "%c3%28"])
    func malformed(text: String) {
        #expect(PercentEncoding.decode(text[...]) == nil)
    }

    @Test("queries keep order, repeats and empty values")
    func query() {
        let query = HTTPQuery("a=1&b&a=2%26&c=x+y&=e&&bad=%zz")
        #expect(query["a"] == "1")
        #expect(query.all("a") == ["1", "2&"])
        #expect(query["b"] == "")
        #expect(query["c"] == "x y")
        #expect(query["bad"] == "%zz")
        #expect(query["missing"] == nil)
        var made = HTTPQuery()
        made.append("labelSelector", "a in (b, c)")
        made.append("limit", "5")
        #expect(made.encoded == "labelSelector=a%20in%20%28b%2C%20c%29&limit=5")
        #expect(HTTPQuery(made.encoded[...]) == made)
    }

    @Test("a request's path and query come apart")
    func request() {
        let request = HTTPRequest(method: .GET, target: "/api/v1/namespaces/a%2Fb/?watch=1&x")
        #expect(request.path == "/api/v1/namespaces/a%2Fb/")
        #expect(request.pathSegments == ["api", "v1", "namespaces", "a/b", ""])
        #expect(request.query["watch"] == "1")
        #expect(HTTPRequest(method: .GET, target: "/").pathSegments == [""])
        #expect(HTTPRequest(method: .GET, target: "/").rawQuery == nil)
    }
}
