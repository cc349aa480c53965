import NIOCore
import NIOEmbedded
import Testing

@testable import TLSTransport

@Suite struct HandlerTests {
    let authority: TestAuthority

    init() throws { authority = try TestAuthority() }

    private func pair(step: Int = .max) throws -> (client: ChannelEnd, server: ChannelEnd) {
        try ChannelEnd.pair(
            client: authority.clientConfiguration(), server: try authority.serverConfiguration(), step: step)
    }

    @Test("a MiB arrives whole when the network splits it at odd sizes", arguments: [977, 16411, 70001])
    func oddSizes(step: Int) throws {
        let (client, server) = try pair(step: step)
        let bytes = (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        client.channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
        try ChannelEnd.exchange(client, server, step: step)
        server.channel.writeAndFlush(server.received, promise: nil)
        try ChannelEnd.exchange(client, server, step: step)
        #expect(Array(buffer: client.received) == bytes)
    }

    @Test("a flush of many writes is one write to the network, and completes all their promises")
    func oneWritePerFlush() throws {
        let (client, server) = try pair()
        var done = 0
        for text in ["one, ", "two, ", "", "three"] {
            let promise = client.channel.eventLoop.makePromise(of: Void.self)
            promise.futureResult.assumeIsolated().whenSuccess { done += 1 }
            client.channel.write(ByteBuffer(string: text), promise: promise)
        }
        #expect(try client.channel.readOutbound(as: ByteBuffer.self) == nil)
        client.channel.flush()
        let sent = try #require(try client.channel.readOutbound(as: ByteBuffer.self))
        #expect(try client.channel.readOutbound(as: ByteBuffer.self) == nil)
        #expect(done == 4)
        server.deliver(sent)
        #expect(String(buffer: server.received) == "one, two, three")
    }

    @Test("writes before the end of the handshake wait for it")
    func earlyWrites() throws {
        let client = try ChannelEnd(authority.clientConfiguration())
        let server = try ChannelEnd(try authority.serverConfiguration())
        client.send("early")
        try server.connect()
        try client.connect()
        try ChannelEnd.exchange(client, server)
        #expect(String(buffer: server.received) == "early")
    }

    @Test("close says goodbye on both sides and reports nothing")
    func cleanClose() throws {
        let (client, server) = try pair()
        client.send("last words")
        let closed = client.channel.close()
        try ChannelEnd.exchange(client, server)
        try closed.wait()
        #expect(String(buffer: server.received) == "last words")
        #expect(client.isInactive && server.isInactive)
        #expect(client.errors.isEmpty && server.errors.isEmpty)
    }

    @Test("a peer that does not say goodbye is given its time and no more")
    func silentPeer() throws {
        let (client, _) = try pair()
        let closed = client.channel.close()
        #expect(!client.isInactive)
        client.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        try closed.wait()
        #expect(client.isInactive && client.errors.isEmpty)
    }

    @Test("an end without goodbye is one truncation, and fails what was waiting")
    func truncated() throws {
        let (client, _) = try pair()
        let write = client.channel.write(ByteBuffer(string: "never flushed"))
        client.channel.pipeline.fireChannelInactive()
        #expect(client.errors.map(\.code) == [.truncated])
        #expect(throws: TLSError.self) { try write.wait() }
    }

    @Test("an end in the handshake is a failed handshake")
    func abortedHandshake() throws {
        let client = try ChannelEnd(authority.clientConfiguration())
        try client.connect()
        client.channel.pipeline.fireChannelInactive()
        #expect(client.errors.map(\.code) == [.handshakeAborted])
    }

    @Test("a handshake that does not end in its time is given up")
    func deadline() throws {
        let server = try ChannelEnd(try authority.serverConfiguration())
        try server.connect()
        server.channel.embeddedEventLoop.advanceTime(by: .seconds(9))
        #expect(server.errors.isEmpty)
        server.channel.embeddedEventLoop.advanceTime(by: .seconds(2))
        #expect(server.errors.map(\.code) == [.timeout])
        #expect(server.isInactive)
    }

    @Test("a finished handshake leaves no deadline behind")
    func noDeadlineLeft() throws {
        let (client, server) = try pair()
        client.channel.embeddedEventLoop.advanceTime(by: .hours(1))
        server.channel.embeddedEventLoop.advanceTime(by: .hours(1))
        #expect(client.errors.isEmpty && server.errors.isEmpty && !client.isInactive && !server.isInactive)
    }

    @Test(
        "what is not TLS is refused",
        arguments: [
            "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n",
            String(repeating: "\u{0}", count: 64),
        ])
    func notTLS(text: String) throws {
        let server = try ChannelEnd(try authority.serverConfiguration())
        try server.connect()
        server.deliver(ByteBuffer(string: text))
        #expect(server.errors.count == 1)
        #expect([.notTLS, .handshakeFailed, .unsupportedVersion].contains(server.errors.first?.code))
        #expect(server.isInactive)
    }

    @Test("a changed byte ends the connection, and no plaintext comes out")
    func tampered() throws {
        let (client, server) = try pair()
        client.send("pay 1 coin")
        var bytes = try #require(try client.takeOutbound())
        let last = bytes.writerIndex - 1
        bytes.setInteger(try #require(bytes.getInteger(at: last, as: UInt8.self)) ^ 1, at: last)
        server.deliver(bytes)
        #expect(server.received.readableBytes == 0)
        #expect(server.errors.map(\.code) == [.io])
        try ChannelEnd.exchange(client, server)
        #expect(client.errors.count == 1)
    }

    @Test("writes after close fail")
    func writeAfterClose() throws {
        let (client, _) = try pair()
        _ = client.channel.close()
        let error = #expect(throws: TLSError.self) {
            try client.channel.writeAndFlush(ByteBuffer(string: "late")).wait()
        }
        #expect(error?.code == .closed)
    }
}
