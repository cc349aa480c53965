import NIOCore
import Testing

@testable import TLSTransport

@Suite(.timeLimit(.minutes(1))) struct LoopbackTests {
    let authority: TestAuthority

    init() throws { authority = try TestAuthority() }

    @Test("mutual TLS over a socket carries a MiB and back, and ends cleanly")
    func echo() async throws {
        let loopback = try await Loopback(try authority.serverConfiguration(.required, alpn: ["causeway/1"]))
        let client = try await loopback.connect(
            authority.clientConfiguration(
                identity: try authority.client(), serverName: "127.0.0.1", alpn: ["causeway/1"]))
        #expect(client.completed.all.first?.applicationProtocol == "causeway/1")
        let bytes = (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        for part in stride(from: 0, to: bytes.count, by: 100_003) {
            try await client.send(Array(bytes[part..<min(part + 100_003, bytes.count)]))
        }
        #expect(await client.bytes.wait(for: bytes.count) == bytes)
        #expect(loopback.serverPeers.all.first?.peer?.commonName == "kubernetes-admin")
        try await client.close()
        #expect(client.errors.all.isEmpty && loopback.serverErrors.all.isEmpty)
        try await loopback.stop()
    }

    @Test("a refused client hears the reason although it has sent data already")
    func refusedClient() async throws {
        let loopback = try await Loopback(try authority.serverConfiguration(.required))
        let client = try await loopback.connect(
            authority.clientConfiguration(identity: try TestAuthority().client()))
        try? await client.send([UInt8](repeating: 1, count: 200_000))
        let error = try #require(await client.errors.wait().first)
        #expect(error.code == .refusedByPeer)
        #expect(error.alert == .unknownAuthority)
        #expect(await loopback.serverErrors.wait().map(\.code) == [.untrusted])
        try await loopback.stop()
    }

    @Test("protocol lists without overlap fail the client's handshake")
    func wrongProtocol() async throws {
        let loopback = try await Loopback(try authority.serverConfiguration(alpn: ["causeway/1"]))
        let error = await #expect(throws: TLSError.self) {
            try await loopback.connect(authority.clientConfiguration(alpn: ["http/1.1"]))
        }
        #expect(error?.code == .noApplicationProtocol)
        try await loopback.stop()
    }

    @Test("a client that says nothing is dropped after the handshake's time (F12)")
    func silentClient() async throws {
        var configuration = try authority.serverConfiguration()
        configuration.handshakeTimeout = .milliseconds(50)
        configuration.shutdownTimeout = .milliseconds(50)
        let loopback = try await Loopback(configuration)
        let channel = try await loopback.connectPlain()
        #expect(await loopback.serverErrors.wait().map(\.code) == [.timeout])
        try await channel.closeFuture.get()
        try await loopback.stop()
    }

    @Test("a client that goes in the handshake is a failed handshake")
    func abortedHandshake() async throws {
        let loopback = try await Loopback(try authority.serverConfiguration())
        try await loopback.connectPlain().close()
        #expect(await loopback.serverErrors.wait().map(\.code) == [.handshakeAborted])
        try await loopback.stop()
    }

    @Test("a server that does not speak TLS is told from one that refuses")
    func plainServer() async throws {
        var configuration = authority.clientConfiguration()
        configuration.handshakeTimeout = .seconds(5)
        let server = try await PlainServer(answer: "HTTP/1.1 400 Bad Request\r\n\r\n")
        let error = await #expect(throws: TLSError.self) {
            try await server.connect(configuration)
        }
        #expect(error?.code == .notTLS)
        try await server.stop()
    }

    @Test("one direction may end before the other when the channels allow it")
    func halfClosure() async throws {
        let loopback = try await Loopback(try authority.serverConfiguration(), halfClosure: true)
        let client = try await loopback.connect(authority.clientConfiguration(), halfClosure: true)
        try await client.send(Array("ping".utf8))
        #expect(await client.bytes.wait(for: 4) == Array("ping".utf8))
        try await client.close(.output)
        #expect(await client.bytes.wait(for: 7).suffix(3) == Array("bye".utf8))
        // Both directions have ended, so the channel closes by itself.
        #expect(await client.ends.wait() == [false])
        #expect(client.errors.all.isEmpty && loopback.serverErrors.all.isEmpty)
        try await loopback.stop()
    }
}
