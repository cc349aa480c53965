import PeerTransport
import Testing

struct PeerAddressTests {
    @Test(
        "addresses read with and without the scheme",
        arguments: [
            ("tls://rome.example:6443", "rome.example", 6443), ("127.0.0.1:1", "127.0.0.1", 1),
            ("tls://[::1]:65535", "::1", 65_535), ("[fe80::1]:80", "fe80::1", 80),
        ])
    func reads(text: String, host: String, port: Int) {
        let address = PeerAddress(text)
        #expect(address?.host == host)
        #expect(address?.port == port)
        #expect(address.flatMap { PeerAddress($0.url) } == address)
    }

    @Test(
        "what is no address is none",
        arguments: [
            "", ":1", "host", "host:", "host:0", "host:65536", "host:-1", "host:+1", "https://host:1", "::1:80", "[]:1",
            "ho st:1", "host/path:1", "tls://tls://host:1",
        ])
    func refuses(text: String) { #expect(PeerAddress(text) == nil) }
}
