public import NIOCore

/// One side of a TLS connection in a channel's pipeline: encrypted bytes towards the network, plain ones above.
///
/// Fires ``TLSHandshakeCompleted`` before the first inbound bytes. Writes wait for the handshake. Each failure is fired
/// once, as a ``TLSError`` by `errorCaught`, before the channel closes; an end of the connection without the peer's
/// close_notify is one too (``TLSError/Code/truncated``), unless the socket's own error was passed up before. `close()` sends close_notify and waits for the peer's for the
/// configured time. Half closure works when the channel allows it (`ChannelOptions.allowRemoteHalfClosure`). It cannot be
/// removed from the pipeline before the channel closes.
public final class TLSHandler: ChannelDuplexHandler {
    public typealias InboundIn = ByteBuffer
    public typealias InboundOut = ByteBuffer
    public typealias OutboundIn = ByteBuffer
    public typealias OutboundOut = ByteBuffer

    let context: TLSContext
    var engine: TLSEngine?
    var state = ConnectionStateMachine()
    var writes = PendingWrites()
    var handshakePromise: EventLoopPromise<TLSHandshakeCompleted>?
    var closePromise: EventLoopPromise<Void>?
    var deadline: Scheduled<Void>?

    /// Whether the bytes of the current read led to nothing for the layers above.
    private var readDeliveredNothing = true

    /// Whether the transport's own error was already passed up, which then says more than a truncation.
    private var transportFailed = false

    /// What the handshake found; nil before its end. To be read on the channel's event loop.
    public internal(set) var completed: TLSHandshakeCompleted?

    /// - Parameters:
    ///   - context: what to be, and whom to believe. The handler keeps it for the connection's whole life.
    ///   - handshakePromise: completed with what the handshake found, or failed with the ``TLSError`` that ended it.
    public init(context: TLSContext, handshakePromise: EventLoopPromise<TLSHandshakeCompleted>? = nil) {
        self.context = context
        self.handshakePromise = handshakePromise
    }

    public func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { start(context) }
    }

    public func handlerRemoved(context: ChannelHandlerContext) {
        deadline?.cancel()
        _ = state.transportEnded()
        failWaiting(with: TLSError(.closed, "the connection was closed"))
        succeedClose()
        engine = nil
    }

    public func channelActive(context: ChannelHandlerContext) {
        start(context)
        context.fireChannelActive()
    }

    public func channelInactive(context: ChannelHandlerContext) {
        transportEnded(context)
        deadline?.cancel()
        succeedClose()
        engine = nil
        context.fireChannelInactive()
    }

    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard state.acceptsInput, let engine else { return }
        engine.receive(unwrapInboundIn(data))
        progress(context)
    }

    public func channelReadComplete(context: ChannelHandlerContext) {
        // Layers above ask for more when they have used what they got. If they got nothing, nobody would ask.
        if readDeliveredNothing { context.read() }
        readDeliveredNothing = true
        context.fireChannelReadComplete()
    }

    public func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let event = event as? ChannelEvent, event == .inputClosed else {
            context.fireUserInboundEventTriggered(event)
            return
        }
        // Ours is fired when TLS says that the peer has ended, which the transport alone cannot.
        guard state.acceptsInput || state.state == .draining else { return }
        transportEnded(context)
        finishClose(context)
    }

    public func errorCaught(context: ChannelHandlerContext, error: any Error) {
        transportFailed = true
        context.fireErrorCaught(error)
    }

    public func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard state.acceptsWrites else {
            promise?.fail(TLSError(.closed, "the connection is closed for writing"))
            return
        }
        writes.append(unwrapOutboundIn(data), promise)
    }

    public func flush(context: ChannelHandlerContext) {
        writes.flush()
        sendWrites(context)
    }

    public func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        switch mode {
        case .all: closeAll(context, promise)
        case .output: closeOutput(context, promise)
        case .input: context.close(mode: .input, promise: promise)
        }
    }
}

extension TLSHandler {
    private func start(_ context: ChannelHandlerContext) {
        guard state.start() else { return }
        do throws(TLSError) {
            engine = try TLSEngine(context: self.context)
        } catch {
            fail(context, with: error)
            return
        }
        schedule(context, after: self.context.configuration.handshakeTimeout) { handler, context in
            guard handler.state.handshakeDeadlineExpired() else { return }
            let seconds = Double(handler.context.configuration.handshakeTimeout.nanoseconds) / 1e9
            handler.report(
                context,
                TLSError(.timeout, "the TLS handshake did not end within \(seconds) s; check the peer and the network"))
            handler.drain(context)
        }
        progress(context)
    }

    /// Goes on with the handshake, then with the peer's bytes, as far as the bytes at hand allow.
    private func progress(_ context: ChannelHandlerContext) {
        if state.state == .handshaking { handshake(context) }
        readPeer(context)
    }

    private func handshake(_ context: ChannelHandlerContext) {
        guard let engine else { return }
        switch engine.handshake() {
        case .needsMoreBytes:
            sendOutbound(context, promise: nil)
        case .completed(let completion):
            sendOutbound(context, promise: nil)
            guard state.handshakeCompleted() else { return }
            deadline?.cancel()
            deadline = nil
            completed = completion
            handshakePromise?.succeed(completion)
            handshakePromise = nil
            context.fireUserInboundEventTriggered(completion)
            sendWrites(context)
        case .failed(let error):
            fail(context, with: error)
        }
    }

    private func readPeer(_ context: ChannelHandlerContext) {
        while state.readsInput, let engine {
            switch engine.read(allocator: context.channel.allocator) {
            case .bytes(let buffer):
                guard state.deliversInput else { continue }
                readDeliveredNothing = false
                context.fireChannelRead(wrapInboundOut(buffer))
            case .needsMoreBytes:
                // A key update of the peer may have an answer.
                sendOutbound(context, promise: nil)
                return
            case .ended:
                peerEnded(context)
                return
            case .failed(let error):
                fail(context, with: error)
                return
            }
        }
    }

    /// Encrypts all flushed writes in one go, when the handshake is over.
    private func sendWrites(_ context: ChannelHandlerContext) {
        guard state.sendsOutput, let engine, let (message, promise) = writes.takeFlushed() else { return }
        do throws(TLSError) {
            try engine.write(message)
            sendOutbound(context, promise: promise)
        } catch {
            promise?.fail(error)
            fail(context, with: error)
        }
    }

    func sendOutbound(_ context: ChannelHandlerContext, promise: EventLoopPromise<Void>?) {
        guard let bytes = engine?.takeOutbound() else {
            // Only an empty message encrypts to nothing.
            promise?.succeed()
            return
        }
        context.writeAndFlush(wrapOutboundOut(bytes), promise: promise)
    }

    private func transportEnded(_ context: ChannelHandlerContext) {
        let error: TLSError? =
            switch state.transportEnded() {
            case .reportAbortedHandshake:
                TLSError(
                    .handshakeAborted,
                    "the peer closed the connection during the TLS handshake; its log may say why, or the port is not one "
                        + "for TLS")
            case .reportTruncation:
                TLSError(.truncated, "the connection ended without the peer's notice; its last bytes may be missing")
            case .none:
                nil
            }
        failWaiting(with: error ?? TLSError(.closed, "the connection was closed"))
        if let error, !transportFailed { context.fireErrorCaught(error) }
    }
}
