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
    /// Frames written and not flushed.
    private var unflushed = ByteBuffer()
    /// Of the frames in `unflushed`.
    private var written: EventLoopPromise<Void>?

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

    package func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        written?.fail(ChannelError.ioOnClosedChannel)
        written = nil
    }

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

    // MARK: - Writing

    /// Puts frames one behind the other until the flush: TLS encrypts them then in whole records, without another copy.
    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        do {
            try append(unwrapOutboundIn(data), context)
            written.setOrCascade(to: promise)
        } catch {
            promise?.fail(error)
            fail(context, PeerSessionEnd(.limit, "this side made a message that it may not send: \(error)"))
        }
    }

    package func flush(context: ChannelHandlerContext) {
        if unflushed.readableBytes > 0 {
            let (bytes, promise) = (unflushed, written)
            // Not kept for the next time: an idle peer costs no memory.
            (unflushed, written) = (ByteBuffer(), nil)
            context.write(wrapOutboundOut(bytes), promise: promise)
        }
        context.flush()
    }

    private func append(_ packet: PeerPacket, _ context: ChannelHandlerContext) throws {
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
            try begin(kind, payload.count, context)
            unflushed.writeBytes(payload)
        case .data(let stream, let bytes):
            try begin(.streamData, bytes.count + 4, context)
            unflushed.writeInteger(stream)
            unflushed.writeBytes(bytes)
        }
    }

    private func begin(_ kind: FrameKind, _ payloadLength: Int, _ context: ChannelHandlerContext) throws {
        let length = try Frame.length(payloadLength: payloadLength, limits: limits)
        let frameLength = Frame.headerLength + payloadLength
        if unflushed.capacity == 0 {
            // Whoever writes a full stream frame writes more of them before it flushes.
            unflushed = context.channel.allocator.buffer(
                capacity: frameLength < Self.largeFrame ? frameLength : frameLength * 4)
        }
        unflushed.reserveCapacity(minimumWritableBytes: frameLength)
        unflushed.writeInteger(length)
        unflushed.writeInteger(kind.rawValue)
    }

    private static let largeFrame = 16 << 10
}
