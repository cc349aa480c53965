import NIOCore
import NIOEmbedded
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
}
