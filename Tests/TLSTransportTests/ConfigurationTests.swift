import NIOCore
import Testing

@testable import TLSTransport

@Suite struct ConfigurationTests {
    @Test("configurations with missing or unfit parts are refused")
    func invalid() throws {
        let authority = try TestAuthority()
        let identity = try authority.server()
        var noTrust = authority.clientConfiguration()
        noTrust.trust = nil
        var noIdentity = try authority.serverConfiguration()
        noIdentity.identity = nil
        var namedServer = try authority.serverConfiguration()
        namedServer.serverName = "localhost"
        var hasty = authority.clientConfiguration()
        hasty.handshakeTimeout = .zero
        for configuration in [
            noTrust, noIdentity, namedServer, hasty,
            .server(identity: identity, clientAuthentication: .optional),
            .client(trust: .certificates([]), serverName: "localhost"),
            .client(trust: .pinnedAuthority(subjectPublicKeyInfoSHA256: [1, 2]), serverName: nil),
            .client(trust: .system, serverName: nil),
        ] {
            #expect(code { () throws(TLSError) in _ = try TLSContext(configuration) } == .invalidInput)
        }
        #expect(code { () throws(TLSError) in _ = try TLSContext(.server(identity: identity)) } == nil)
        #expect(
            code { () throws(TLSError) in _ = try TLSContext(.client(trust: .system, serverName: "example.org")) }
                == nil)
    }

    @Test("a replaced context serves the next connections")
    func box() throws {
        let authority = try TestAuthority()
        let old = try TLSContext(authority.clientConfiguration(alpn: ["old"]))
        let box = TLSContextBox(old)
        let handler = box.makeHandler()
        box.replace(with: try TLSContext(authority.clientConfiguration(alpn: ["new"])))
        #expect(box.current.configuration.alpn == ["new"])
        #expect(handler.context === old)
    }
}
