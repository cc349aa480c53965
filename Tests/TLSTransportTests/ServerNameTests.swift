import Testing

@testable import TLSTransport

@Suite struct ServerNameTests {
    @Test(
        "names and addresses that the certificate holds are accepted",
        arguments: [
            "localhost", "LOCALHOST", "localhost.", "a.wild.example", "127.0.0.1", "::1", "0:0:0:0:0:0:0:1",
        ])
    func match(name: String) throws {
        #expect(try connect(name).client.errors.isEmpty)
    }

    @Test(
        "all others are refused, the common name too",
        arguments: [
            "example", "a.b.wild.example", "wild.example", "127.0.0.2", "::2", "kube-apiserver", "127.0.0.1.example",
        ])
    func mismatch(name: String) throws {
        let client = try connect(name).client
        #expect(client.errors.map(\.code) == [.nameMismatch])
        #expect(client.errors.first?.message.contains("“\(name)”") == true)
        #expect(client.completed == nil)
    }

    @Test(
        "what is neither a name nor an address is refused before any connection",
        arguments: [
            "", "a b", "a..b", "localhost:443", "[::1]", "https://localhost", "a\u{0}b",
            String(repeating: "a", count: 64),
        ])
    func invalid(name: String) throws {
        let configuration = try TestAuthority().clientConfiguration(serverName: name)
        #expect(code { () throws(TLSError) in _ = try TLSContext(configuration) } == .invalidInput)
    }

    private func connect(_ name: String) throws -> (client: ChannelEnd, server: ChannelEnd) {
        let authority = try TestAuthority()
        var server = try authority.serverConfiguration()
        server.identity = try authority.server(
            dnsNames: ["localhost", "*.wild.example"], ipAddresses: ["127.0.0.1", "::1"])
        return try ChannelEnd.pair(client: authority.clientConfiguration(serverName: name), server: server)
    }
}
