import Testing

@testable import TLSTransport

@Suite struct ApplicationProtocolTests {
    let authority: TestAuthority

    init() throws { authority = try TestAuthority() }

    private func pair(
        client: [String], server: [String], required: Bool = false
    ) throws -> (client: ChannelEnd, server: ChannelEnd) {
        var clientConfiguration = authority.clientConfiguration(alpn: client)
        clientConfiguration.requiresApplicationProtocol = required
        var serverConfiguration = try authority.serverConfiguration(alpn: server)
        serverConfiguration.requiresApplicationProtocol = required
        return try ChannelEnd.pair(client: clientConfiguration, server: serverConfiguration)
    }

    @Test("the server's preference decides")
    func preference() throws {
        let ends = try pair(client: ["h2", "http/1.1"], server: ["http/1.1", "h2"])
        #expect(ends.client.completed?.applicationProtocol == "http/1.1")
        #expect(ends.server.completed?.applicationProtocol == "http/1.1")
    }

    @Test("lists without overlap refuse the connection on both sides")
    func noOverlap() throws {
        let ends = try pair(client: ["h2"], server: ["causeway/1"])
        #expect(ends.server.errors.map(\.code) == [.noApplicationProtocol])
        #expect(ends.client.errors.map(\.code) == [.noApplicationProtocol])
        #expect(ends.client.errors.first?.alert == .noApplicationProtocol)
        #expect(ends.client.completed == nil && ends.server.completed == nil)
    }

    @Test("a side without a list connects without a protocol, unless one is required")
    func missing() throws {
        let noClientList = try pair(client: [], server: ["http/1.1"])
        #expect(noClientList.server.completed != nil)
        #expect(noClientList.server.completed?.applicationProtocol == nil)
        let noServerList = try pair(client: ["http/1.1"], server: [])
        #expect(noServerList.client.completed != nil)
        let refusedByServer = try pair(client: [], server: ["causeway/1"], required: true)
        #expect(refusedByServer.server.errors.map(\.code) == [.noApplicationProtocol])
        #expect(refusedByServer.client.errors.first?.alert == .noApplicationProtocol)
        let refusedByClient = try pair(client: ["causeway/1"], server: [], required: true)
        #expect(refusedByClient.client.errors.map(\.code) == [.noApplicationProtocol])
        #expect(try pair(client: ["a"], server: ["a"], required: true).server.completed?.applicationProtocol == "a")
    }

    @Test("names that a handshake cannot hold are refused", arguments: ["", String(repeating: "x", count: 256)])
    func invalid(name: String) throws {
        let configuration = authority.clientConfiguration(alpn: [name])
        #expect(code { () throws(TLSError) in _ = try TLSContext(configuration) } == .invalidInput)
    }
}
