import JSONTree
import NIOCore
import NIOEmbedded
import Sessions
import Testing
import Wire

@testable import PeerTransport

struct CodecTests {
    static func channel(_ limits: FrameLimits = .standard) throws -> EmbeddedChannel {
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(PeerCodecHandler(limits: limits, deflateThreshold: 512))
        return channel
    }

    static func large(_ name: String) -> Message {
        .desired(
            DesiredMessage(
                sequence: 1,
                upserts: [
                    DesiredItem(
                        key: .pod("demo", name),
                        content: .pod(
                            DesiredPod(
                                originUID: name, remoteNamespace: "demo",
                                object: ["text": .string((0..<300).map { "\($0)" }.joined(separator: " "))])))
                ]))
    }

    static func written(_ channel: EmbeddedChannel, _ message: Message) throws -> ByteBuffer {
        try channel.writeOutbound(PeerPacket.message(message))
        return try #require(try channel.readOutbound(as: ByteBuffer.self))
    }

    static func read(_ channel: EmbeddedChannel) throws -> Message? {
        guard case .message(let message)? = try channel.readInbound(as: PeerPacket.self) else { return nil }
        return message
    }

    @Test("large messages are deflated, the second alike one to a fraction, and small ones are not")
    func deflates() throws {
        let sender = try Self.channel()
        let receiver = try Self.channel()
        let ping = try Self.written(sender, .ping(PingMessage(id: 1)))
        #expect(ping.getInteger(at: 4, as: UInt8.self) == 0)
        let first = try Self.written(sender, Self.large("a"))
        #expect(first.getInteger(at: 4, as: UInt8.self) == 1)
        #expect(first.readableBytes < Self.large("a").encoded.count)
        let second = try Self.written(sender, Self.large("b"))
        #expect(second.readableBytes < 150)
        for (bytes, message) in [
            (ping, Message.ping(PingMessage(id: 1))), (first, Self.large("a")), (second, Self.large("b")),
        ] {
            try receiver.writeInbound(bytes)
            #expect(try Self.read(receiver) == message)
        }
    }

    @Test("messages with credentials are not deflated (A1)")
    func credentials() throws {
        let sender = try Self.channel()
        let message = Message.renewed(
            RenewedMessage(certificateChain: String(repeating: "A", count: 2000), authority: "B"))
        let bytes = try Self.written(sender, message)
        #expect(bytes.getInteger(at: 4, as: UInt8.self) == 0)
        #expect(bytes.readableBytes > 2000)
    }

    @Test("deflated messages arrive whatever the pieces")
    func everySplit() throws {
        let sender = try Self.channel()
        var bytes = try Self.written(sender, Self.large("a"))
        var next = try Self.written(sender, .ping(PingMessage(id: 2)))
        bytes.writeBuffer(&next)
        for split in stride(from: 0, through: bytes.readableBytes, by: 7) {
            let receiver = try Self.channel()
            var rest = bytes
            let head = rest.readSlice(length: split) ?? ByteBuffer()
            try receiver.writeInbound(head)
            try receiver.writeInbound(rest)
            #expect(try Self.read(receiver) == Self.large("a"))
            #expect(try Self.read(receiver) == .ping(PingMessage(id: 2)))
        }
    }

    @Test("a message that inflates beyond the limit is refused before it is whole (A10)")
    func bomb() throws {
        let deflate = try DeflateStream()
        let payload = try deflate.deflated([UInt8](repeating: 32, count: 20 << 20))
        #expect(payload.count < 64 << 10)
        let receiver = try Self.channel()
        let error = #expect(throws: PeerSessionEnd.self) {
            try receiver.writeInbound(ByteBuffer(bytes: try Frame(.deflatedMessage, payload).encoded()))
        }
        #expect(error?.code == .limit)
        // Nothing is read after an error.
        try receiver.writeInbound(
            ByteBuffer(bytes: try Frame(.message, Message.ping(PingMessage(id: 1)).encoded).encoded()))
        #expect(try Self.read(receiver) == nil)
    }

    @Test("inflating takes exactly the limit and no byte more", arguments: [0, 1, 1000, 1024, 5000, 70_000])
    func inflateLimit(count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let (deflate, inflate) = (try DeflateStream(), try InflateStream())
        let piece = try deflate.deflated(bytes)
        #expect(try inflate.inflated(piece, limit: count) == bytes)
        guard count > 0 else { return }
        let other = try InflateStream()
        #expect(throws: FrameError.self) { try other.inflated(piece, limit: count - 1) }
    }

    @Test("broken and altered deflate data is an error, never a crash")
    func brokenDeflate() throws {
        let piece = try DeflateStream().deflated(Self.large("a").encoded)
        for place in piece.indices {
            var altered = piece
            altered[place] ^= 0x55
            let inflate = try InflateStream()
            _ = try? inflate.inflated(altered, limit: 1 << 20)
        }
        #expect(throws: FrameError.self) { try InflateStream().inflated([0xff, 0xff, 0xff], limit: 100) }
    }

    @Test("data after the end of a deflate stream is refused")
    func afterEnd() throws {
        // A whole zlib stream of nothing, then one more byte.
        let inflate = try InflateStream()
        #expect(throws: FrameError.self) {
            _ = try inflate.inflated([0x78, 0x9c, 0x03, 0x00, 0x00, 0x00, 0x00, 0x01], limit: 100)
            _ = try inflate.inflated([0x01], limit: 100)
        }
    }

    @Test("the limit of an unknown peer rises with its admission (F13)")
    func raising() throws {
        let handler = PeerCodecHandler(limits: .unauthenticated, deflateThreshold: 512)
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(handler)
        handler.raise(.standard)
        let frame = Frame.stream(1, [UInt8](repeating: 1, count: 100_000))
        try channel.writeInbound(ByteBuffer(bytes: try frame.encoded()))
        guard case .data(1, let bytes)? = try channel.readInbound(as: PeerPacket.self) else {
            Issue.record("no data came")
            return
        }
        #expect(bytes.count == 100_000)
    }

    @Test("half a frame is a sign of life")
    func heard() throws {
        let channel = try Self.channel()
        let events = Events()
        try channel.pipeline.syncOperations.addHandler(events)
        try channel.writeInbound(ByteBuffer(bytes: [0, 0]))
        #expect(events.count == 1)
    }

    @Test("a frame that comes a byte every ten seconds ends the connection (F12); one that is long has its time")
    func slowFrames() throws {
        let frame = try Self.written(try Self.channel(), Self.large("a"))
        let slow = try Self.channel()
        for (place, byte) in frame.readableBytesView.prefix(3).enumerated() {
            if place > 0 { slow.embeddedEventLoop.advanceTime(by: .seconds(10)) }
            try slow.writeInbound(ByteBuffer(bytes: [byte]))
        }
        slow.embeddedEventLoop.advanceTime(by: .seconds(9))
        try slow.throwIfErrorCaught()
        slow.embeddedEventLoop.advanceTime(by: .seconds(1))
        let error = #expect(throws: PeerSessionEnd.self) { try slow.throwIfErrorCaught() }
        #expect(error?.code == .timeout)

        // 1 MiB has 30 s, and 256 s at 4 KiB a second.
        let long = try Self.channel()
        var header = ByteBuffer()
        header.writeInteger(UInt32(1 << 20 | 1))
        header.writeInteger(UInt8(0))
        try long.writeInbound(header)
        long.embeddedEventLoop.advanceTime(by: .seconds(285))
        try long.throwIfErrorCaught()
        long.embeddedEventLoop.advanceTime(by: .seconds(2))
        #expect(throws: PeerSessionEnd.self) { try long.throwIfErrorCaught() }
    }

    @Test("whole frames at any pace, and silence between them, are no slow frame")
    func unhurried() throws {
        let sender = try Self.channel()
        let receiver = try Self.channel()
        for _ in 0..<20 {
            var bytes = try Self.written(sender, .ping(PingMessage(id: 1)))
            let first = bytes.readSlice(length: 7)
            try receiver.writeInbound(try #require(first))
            receiver.embeddedEventLoop.advanceTime(by: .seconds(20))
            try receiver.writeInbound(bytes)
            #expect(try Self.read(receiver) == .ping(PingMessage(id: 1)))
            receiver.embeddedEventLoop.advanceTime(by: .seconds(20))
        }
        try receiver.throwIfErrorCaught()
    }
}

private final class Events: ChannelInboundHandler {
    typealias InboundIn = PeerPacket
    var count = 0
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is PeerBytesHeard { count += 1 }
    }
}
