import Digests
import NIOCore
import Testing

@testable import TLSTransport

@Suite struct HandshakeTests {
    let authority: TestAuthority

    init() throws { authority = try TestAuthority() }

    @Test("mutual TLS tells each side who the other is", arguments: [1, 7, 1000, Int.max])
    func mutual(step: Int) throws {
        let (client, server) = try ChannelEnd.pair(
            client: authority.clientConfiguration(identity: try authority.client(), alpn: ["causeway/1"]),
            server: try authority.serverConfiguration(.required, alpn: ["causeway/1"]), step: step)
        #expect(client.errors.isEmpty && server.errors.isEmpty)
        #expect(server.completed?.peer?.commonName == "kubernetes-admin")
        #expect(server.completed?.peer?.organizations == ["system:masters"])
        #expect(client.completed?.peer?.commonName == "kube-apiserver")
        #expect(client.completed?.peer?.certificateChain.last == authority.authority.certificate)
        #expect(client.completed?.applicationProtocol == "causeway/1")
        #expect(server.completed?.applicationProtocol == "causeway/1")
        #expect(client.completed?.tlsVersion == .tls1_3)
        client.send("question")
        server.send("answer")
        try ChannelEnd.exchange(client, server, step: step)
        #expect(String(buffer: server.received) == "question")
        #expect(String(buffer: client.received) == "answer")
    }

    @Test("TLS 1.2 is spoken where the configuration allows it")
    func version12() throws {
        var old = authority.clientConfiguration(identity: try authority.client())
        old.minimumVersion = .tls1_2
        old.maximumVersion = .tls1_2
        var lenient = try authority.serverConfiguration(.required)
        lenient.minimumVersion = .tls1_2
        let (client, server) = try ChannelEnd.pair(client: old, server: lenient)
        #expect(client.completed?.tlsVersion == .tls1_2)
        #expect(server.completed?.peer?.commonName == "kubernetes-admin")
    }

    @Test("a TLS 1.2 client is refused when 1.3 is the minimum, and hears why")
    func version12Refused() throws {
        var old = authority.clientConfiguration()
        old.minimumVersion = .tls1_2
        old.maximumVersion = .tls1_2
        let (client, server) = try ChannelEnd.pair(client: old, server: try authority.serverConfiguration())
        #expect(server.errors.map(\.code) == [.unsupportedVersion])
        #expect(client.errors.map(\.code) == [.unsupportedVersion])
        #expect(client.errors.first?.alert == .protocolVersion)
    }

    @Test("an optional client certificate may be missing")
    func optionalMissing() throws {
        let (client, server) = try ChannelEnd.pair(
            client: authority.clientConfiguration(), server: try authority.serverConfiguration(.optional))
        #expect(client.completed != nil)
        #expect(server.completed != nil && server.completed?.peer == nil)
    }

    @Test(
        "a foreign client certificate is refused, optional or required",
        arguments: [
            TLSConfiguration.ClientAuthentication.optional, .required,
        ])
    func foreignClient(authentication: TLSConfiguration.ClientAuthentication) throws {
        let (client, server) = try ChannelEnd.pair(
            client: authority.clientConfiguration(identity: try TestAuthority("foreign").client()),
            server: try authority.serverConfiguration(authentication))
        #expect(server.errors.map(\.code) == [.untrusted])
        #expect(server.completed == nil)
        #expect(client.errors.map(\.code) == [.refusedByPeer])
        #expect(client.errors.first?.alert == .unknownAuthority)
        #expect(client.errors.first?.message.hasPrefix("the server refused our certificate: ") == true)
    }

    @Test("a client without the required certificate is told so")
    func certificateRequired() throws {
        let (client, server) = try ChannelEnd.pair(
            client: authority.clientConfiguration(), server: try authority.serverConfiguration(.required))
        #expect(server.errors.map(\.code) == [.certificateRequired])
        #expect(client.errors.first?.alert == .certificateRequired)
    }

    @Test("a server's certificate does not make a client, nor a client's a server")
    func purposes() throws {
        let asClient = try ChannelEnd.pair(
            client: authority.clientConfiguration(identity: try authority.server()),
            server: try authority.serverConfiguration(.required))
        #expect(asClient.server.errors.map(\.code) == [.untrusted])
        #expect(asClient.client.errors.first?.alert == .unsupportedCertificate)
        var server = try authority.serverConfiguration()
        server.identity = try authority.client()
        let asServer = try ChannelEnd.pair(client: authority.clientConfiguration(serverName: nil), server: server)
        #expect(asServer.client.errors.map(\.code) == [.untrusted])
    }

    @Test("a server of another authority is refused, and hears why")
    func foreignServer() throws {
        let (client, server) = try ChannelEnd.pair(
            client: authority.clientConfiguration(), server: try TestAuthority().serverConfiguration())
        #expect(client.errors.map(\.code) == [.untrusted])
        #expect(client.completed == nil)
        #expect(server.errors.map(\.code) == [.refusedByPeer])
        #expect(server.errors.first?.alert == .unknownAuthority)
    }

    @Test(
        "certificates are refused before and after their time, on both sides (F11)",
        arguments: [
            (TestAuthority.now - 3600, TLSError.Code.certificateNotYetValid),
            (TestAuthority.now + 86401, .certificateExpired),
        ])
    func validity(time: Int64, expected: TLSError.Code) throws {
        var late = authority.clientConfiguration(identity: try authority.client())
        late.verificationTime = { time }
        let refusingClient = try ChannelEnd.pair(client: late, server: try authority.serverConfiguration())
        #expect(refusingClient.client.errors.map(\.code) == [expected])
        var lateServer = try authority.serverConfiguration(.required)
        lateServer.verificationTime = { time }
        let refusingServer = try ChannelEnd.pair(
            client: authority.clientConfiguration(identity: try authority.client()), server: lateServer)
        #expect(refusingServer.server.errors.map(\.code) == [expected])
        #expect(refusingServer.client.errors.map(\.code) == [.refusedByPeer])
    }

    @Test(
        "the configuration's own check sees the peer and refuses with the right alert",
        arguments: [
            (TLSRefusal.Reason.revoked, TLSError.Code.revoked, TLSAlert.certificateRevoked),
            (.rejected, .rejected, .badCertificate),
        ])
    func ownCheck(reason: TLSRefusal.Reason, code: TLSError.Code, alert: TLSAlert) throws {
        var checking = try authority.serverConfiguration(.required)
        checking.verify = { peer in
            peer.commonName == "kubernetes-admin" ? TLSRefusal(reason, "unpeered on Tuesday") : nil
        }
        let identity = try authority.client()
        let (client, server) = try ChannelEnd.pair(
            client: authority.clientConfiguration(identity: identity), server: checking)
        var refusal = TLSError(code, "unpeered on Tuesday")
        refusal.fingerprint = Hex.encode(identity.leaf.fingerprint)
        #expect(server.errors == [refusal])
        #expect(server.completed == nil)
        #expect(client.errors.first?.alert == alert)
        var checkingClient = authority.clientConfiguration()
        checkingClient.verify = { $0.commonName == "kube-apiserver" ? nil : TLSRefusal(.rejected, "who?") }
        let accepted = try ChannelEnd.pair(client: checkingClient, server: try authority.serverConfiguration())
        #expect(accepted.client.completed != nil)
    }

    @Test("a leaf that is itself trusted needs no authority")
    func trustedLeaf() throws {
        let server = try authority.serverConfiguration()
        var client = authority.clientConfiguration()
        client.trust = .certificates([try #require(server.identity).leaf])
        #expect(try ChannelEnd.pair(client: client, server: server).client.completed != nil)
    }
}
