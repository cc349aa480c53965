import JSONTree
package import NIOCore
import Sessions
package import Wire

/// Bytes below, messages and stream data above: frames, deflate and JSON of one connection, within its limits.
///
/// What breaks a rule is fired once as a ``PeerSessionEnd``; nothing is read after it. Closes nothing itself.
package final class PeerCodecHandler: ChannelDuplexHandler {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = PeerPacket
    package typealias OutboundIn = PeerPacket
    package typealias OutboundOut = ByteBuffer

    private var limits: FrameLimits
    private let deflateThreshold: Int
    private var decoder: FrameDecoder
    private var deflate: DeflateStream?
    private var inflate: InflateStream?
    private var hasFailed = false
    private let frameTimeout: Duration
    /// When the frame began that has not ended; `nil` between frames.
    private var frameStart: NIODeadline?
    /// One timer for many frames: it looks when it fires.
    private var timer: Scheduled<Void>?

    /// What the slowest link carries, in bytes per second: half of 64 kbit/s.
    private static let slowestRate = 4096

    /// - Parameter frameTimeout: see ``PeerTransportConfiguration/frameTimeout``.
    package init(limits: FrameLimits, deflateThreshold: Int, frameTimeout: Duration = .seconds(30)) {
        self.limits = limits
        self.deflateThreshold = deflateThreshold
        self.frameTimeout = frameTimeout
        decoder = FrameDecoder(limits: limits)
    }

    /// The peer is known now. Counts from the next frame on.
    func raise(_ limits: FrameLimits) {
        self.limits = limits
        decoder.limits = limits
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !hasFailed else { return }
        var frames: [Frame] = []
        var failure: FrameError?
        do throws(FrameError) {
            try decoder.decode(unwrapInboundIn(data).readableBytesView, into: &frames)
        } catch {
            failure = error
        }
        if !frames.isEmpty || !decoder.isWithinFrame { frameStart = nil }
        if decoder.isWithinFrame, frameStart == nil {
            frameStart = context.eventLoop.now
            if timer == nil { watch(context) }
        }
        if frames.isEmpty, failure == nil { context.fireUserInboundEventTriggered(PeerBytesHeard()) }
        for frame in frames where !hasFailed {
            do {
                context.fireChannelRead(wrapInboundOut(try read(frame)))
            } catch let error as FrameError {
                fail(context, error)
            } catch {
                fail(context, .violation("a message is broken: \(error)"))
            }
        }
        if let failure, !hasFailed { fail(context, failure) }
    }

    // MARK: - Frames that do not end

    package func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    package func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
        context.fireChannelInactive()
    }

    /// Looks at the end of its time whether the frame that has begun is still there.
    private func watch(_ context: ChannelHandlerContext) {
        guard let start = frameStart, !hasFailed else { return timer = nil }
        let allowed = frameTimeout + .seconds(decoder.announcedLength / Self.slowestRate)
        let end = start + TimeAmount(allowed)
        guard context.eventLoop.now < end else {
            timer = nil
            return fail(context, PeerSessionEnd(.timeout, "a frame has not come to its end within \(allowed)"))
        }
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: end) { [weak self] in self?.watch(context) }
    }

    private func read(_ frame: Frame) throws -> PeerPacket {
        switch frame.kind {
        case .message:
            return .message(try Message(parsing: frame.payload, limits: limits))
        case .deflatedMessage:
            let stream = try inflate ?? InflateStream()
            inflate = stream
            let bytes = try stream.inflated(frame.payload, limit: limits.inflatedLength)
            return .message(try Message(parsing: bytes, limits: limits))
        case .streamData:
            let (id, bytes) = try frame.streamContent()
            return .data(stream: id, bytes)
        }
    }

    private func fail(_ context: ChannelHandlerContext, _ error: FrameError) {
        fail(context, PeerSessionEnd(error.code == .tooLong ? .limit : .violation, error.message))
    }

    private func fail(_ context: ChannelHandlerContext, _ end: PeerSessionEnd) {
        hasFailed = true
        context.fireErrorCaught(end)
    }

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        do {
            context.write(wrapOutboundOut(try bytes(of: unwrapOutboundIn(data), context)), promise: promise)
        } catch {
            promise?.fail(error)
            fail(context, PeerSessionEnd(.limit, "this side made a message that it may not send: \(error)"))
        }
    }

    private func bytes(of packet: PeerPacket, _ context: ChannelHandlerContext) throws -> ByteBuffer {
        switch packet {
        case .message(let message):
            var payload = message.encoded
            var kind = FrameKind.message
            if payload.count >= deflateThreshold, message.isCompressible {
                let stream = try deflate ?? DeflateStream()
                deflate = stream
                payload = try stream.deflated(payload)
                kind = .deflatedMessage
            }
            let header = try Frame.header(kind, payloadLength: payload.count, limits: limits)
            var buffer = context.channel.allocator.buffer(capacity: header.count + payload.count)
            buffer.writeBytes(header)
            buffer.writeBytes(payload)
            return buffer
        case .data(let stream, let bytes):
            let header = try Frame.header(.streamData, payloadLength: bytes.count + 4, limits: limits)
            var buffer = context.channel.allocator.buffer(capacity: header.count + 4 + bytes.count)
            buffer.writeBytes(header)
            buffer.writeInteger(stream)
            buffer.writeBytes(bytes)
            return buffer
        }
    }
}
