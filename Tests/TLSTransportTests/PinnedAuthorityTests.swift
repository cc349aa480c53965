import Testing

@testable import TLSTransport

@Suite struct PinnedAuthorityTests {
    let authority: TestAuthority

    init() throws { authority = try TestAuthority() }

    private func client(_ trust: TLSTrust, serverName: String? = nil) -> TLSConfiguration {
        var configuration = authority.clientConfiguration(serverName: serverName)
        configuration.trust = trust
        return configuration
    }

    @Test("a server is known by its authority's key alone")
    func match() throws {
        let ends = try ChannelEnd.pair(client: client(authority.pin), server: try authority.serverConfiguration())
        #expect(ends.client.errors.isEmpty)
        #expect(ends.client.completed?.peer?.certificateChain.last == authority.authority.certificate)
    }

    @Test("another authority is refused, and the server hears that it is unknown (A4)")
    func mismatch() throws {
        let ends = try ChannelEnd.pair(
            client: client(authority.pin), server: try TestAuthority().serverConfiguration())
        #expect(ends.client.errors.map(\.code) == [.pinMismatch])
        #expect(ends.client.completed == nil)
        #expect(ends.server.errors.first?.alert == .unknownAuthority)
    }

    @Test("a chain without its authority is refused")
    func authorityNotSent() throws {
        var server = try authority.serverConfiguration()
        let identity = try #require(server.identity)
        server.identity = try Identity(chain: [identity.leaf], privateKey: identity.privateKey)
        let ends = try ChannelEnd.pair(client: client(authority.pin), server: server)
        #expect(ends.client.errors.map(\.code) == [.pinMismatch])
    }

    @Test("presenting the pinned authority beside a leaf of another one does not help (A4)")
    func authorityOnly() throws {
        let thief = try TestAuthority().server()
        var server = try authority.serverConfiguration()
        server.identity = try Identity(
            chain: [thief.leaf, authority.authority.certificate], privateKey: thief.privateKey)
        let ends = try ChannelEnd.pair(client: client(authority.pin), server: server)
        #expect(ends.client.errors.map(\.code) == [.untrusted])
    }

    @Test("a pin does not excuse an expired certificate or a wrong name")
    func otherChecks() throws {
        var late = client(authority.pin)
        late.verificationTime = { TestAuthority.now + 2 * 86400 }
        let expired = try ChannelEnd.pair(client: late, server: try authority.serverConfiguration())
        #expect(expired.client.errors.map(\.code) == [.certificateExpired])
        let named = try ChannelEnd.pair(
            client: client(authority.pin, serverName: "elsewhere"), server: try authority.serverConfiguration())
        #expect(named.client.errors.map(\.code) == [.nameMismatch])
    }

    @Test("a server can pin the authority of its clients")
    func pinnedClient() throws {
        var server = try authority.serverConfiguration(.required)
        server.trust = authority.pin
        let good = try ChannelEnd.pair(
            client: authority.clientConfiguration(identity: try authority.client()), server: server)
        #expect(good.server.completed?.peer?.commonName == "kubernetes-admin")
        let foreign = try ChannelEnd.pair(
            client: authority.clientConfiguration(identity: try TestAuthority().client()), server: server)
        #expect(foreign.server.errors.map(\.code) == [.pinMismatch])
    }
}
