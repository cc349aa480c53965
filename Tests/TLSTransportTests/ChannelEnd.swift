import NIOCore
import NIOEmbedded

@testable import TLSTransport

/// One end of a connection in memory: an embedded channel with a ``TLSHandler`` and a record of what came out of it.
final class ChannelEnd {
    let channel = EmbeddedChannel()
    private let recorder = Recorder()

    init(_ configuration: TLSConfiguration) throws {
        let context = try TLSContext(configuration)
        try channel.pipeline.syncOperations.addHandlers(TLSHandler(context: context), recorder)
    }

    var completed: TLSHandshakeCompleted? { recorder.completed }
    var received: ByteBuffer { recorder.received }
    var errors: [TLSError] { recorder.errors }
    var isInactive: Bool { recorder.isInactive }
    var inputClosedCount: Int { recorder.inputClosedCount }

    func connect() throws {
        channel.connect(to: try SocketAddress(unixDomainSocketPath: "/causeway"), promise: nil)
        channel.embeddedEventLoop.run()
    }

    func send(_ text: String) {
        channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
    }

    /// Takes the encrypted bytes that this end wants sent.
    func takeOutbound() throws -> ByteBuffer? {
        channel.embeddedEventLoop.run()
        var all: ByteBuffer?
        while let next = try channel.readOutbound(as: ByteBuffer.self) { all.setOrWriteImmutableBuffer(next) }
        return all
    }

    func deliver(_ bytes: ByteBuffer) {
        channel.pipeline.fireChannelRead(bytes)
        channel.pipeline.fireChannelReadComplete()
        channel.embeddedEventLoop.run()
    }

    /// Carries bytes between two ends, at most `step` at once, until both are silent.
    static func exchange(_ one: ChannelEnd, _ other: ChannelEnd, step: Int = .max) throws {
        var isQuiet = false
        while !isQuiet {
            isQuiet = true
            for (sender, receiver) in [(one, other), (other, one)] {
                guard var bytes = try sender.takeOutbound() else { continue }
                isQuiet = false
                while let slice = bytes.readSlice(length: min(step, bytes.readableBytes)), slice.readableBytes > 0 {
                    receiver.deliver(slice)
                }
            }
        }
    }

    /// Connects two ends and lets them talk until both are silent.
    static func pair(
        client: TLSConfiguration, server: TLSConfiguration, step: Int = .max
    ) throws -> (client: ChannelEnd, server: ChannelEnd) {
        let ends = (client: try ChannelEnd(client), server: try ChannelEnd(server))
        try ends.server.connect()
        try ends.client.connect()
        try exchange(ends.client, ends.server, step: step)
        return ends
    }
}

private final class Recorder: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    var completed: TLSHandshakeCompleted?
    var received = ByteBuffer()
    var errors: [TLSError] = []
    var isInactive = false
    var inputClosedCount = 0

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received.writeImmutableBuffer(unwrapInboundIn(data))
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? TLSHandshakeCompleted { completed = event }
        if let event = event as? ChannelEvent, event == .inputClosed { inputClosedCount += 1 }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? TLSError { errors.append(error) }
    }

    func channelInactive(context: ChannelHandlerContext) { isInactive = true }
}
