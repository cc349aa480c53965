import NIOCore

extension TLSHandler {
    /// TLS failed: sends the alert that OpenSSL has prepared, reports, and ends the connection.
    func fail(_ context: ChannelHandlerContext, with error: TLSError) {
        guard state.failed() else {
            if state.state == .draining { drain(context) }
            return
        }
        sendOutbound(context, promise: nil)
        report(context, error)
        drain(context)
    }

    /// Tells everyone who waits, and the layers above.
    func report(_ context: ChannelHandlerContext, _ error: TLSError) {
        failWaiting(with: error)
        context.fireErrorCaught(error)
    }

    /// Closes our direction and throws the peer's bytes away until it closes too, or the time is over.
    func drain(_ context: ChannelHandlerContext) {
        guard state.state == .draining else { return }
        schedule(context, after: self.context.configuration.shutdownTimeout) { handler, context in
            guard handler.state.shutdownDeadlineExpired() else { return }
            handler.finishClose(context)
        }
        context.close(mode: .output, promise: nil)
        context.read()
    }

    func closeAll(_ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        switch state.closeRequested() {
        case .closeAtOnce:
            deadline?.cancel()
            closePromise.setOrCascade(to: promise)
            failWaiting(with: TLSError(.closed, "the connection was closed before this could happen"))
            finishClose(context)
        case .sendNoticeAndWait:
            closePromise.setOrCascade(to: promise)
            sendNotice(context, promise: nil)
            awaitPeersEnd(context)
        case .sendNoticeAndClose:
            closePromise.setOrCascade(to: promise)
            sendLastNotice(context)
        case .waitToo:
            closePromise.setOrCascade(to: promise)
            if deadline == nil { awaitPeersEnd(context) }
        }
    }

    func closeOutput(_ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        switch state.closeOutputRequested() {
        case .sendNotice:
            sendNotice(context, promise: nil)
            context.close(mode: .output, promise: promise)
        case .sendNoticeAndClose:
            closePromise.setOrCascade(to: promise)
            sendLastNotice(context)
        case .refuse:
            promise?.fail(TLSError(.closed, "the connection is not open for writing; wait for the handshake"))
        }
    }

    /// The peer said that it sends nothing more.
    func peerEnded(_ context: ChannelHandlerContext) {
        let allowed = (try? context.channel.syncOptions?.getOption(ChannelOptions.allowRemoteHalfClosure)) ?? false
        switch state.peerEnded(halfClosureAllowed: allowed) {
        case .reportHalfClosure:
            context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        case .replyAndClose:
            sendLastNotice(context)
        case .close:
            finishClose(context)
        case .none:
            break
        }
    }

    private func sendNotice(_ context: ChannelHandlerContext, promise: EventLoopPromise<Void>?) {
        failWrites(with: TLSError(.closed, "the connection was closed before this was flushed"))
        engine?.sendCloseNotify()
        sendOutbound(context, promise: promise)
    }

    /// Ends both directions once the notice, and what was written before it, is out.
    private func sendLastNotice(_ context: ChannelHandlerContext) {
        awaitPeersEnd(context)
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { _ in
            guard self.state.lastNoticeSent() else { return }
            self.finishClose(context)
        }
        sendNotice(context, promise: promise)
    }

    private func awaitPeersEnd(_ context: ChannelHandlerContext) {
        schedule(context, after: self.context.configuration.shutdownTimeout) { handler, context in
            guard handler.state.shutdownDeadlineExpired() else { return }
            handler.finishClose(context)
        }
        context.read()
    }

    func finishClose(_ context: ChannelHandlerContext) {
        deadline?.cancel()
        let promise = closePromise
        closePromise = nil
        context.close(promise: promise)
    }

    /// Runs `action` on the event loop when the time is over, in the place of the deadline before it.
    func schedule(
        _ context: ChannelHandlerContext, after time: TimeAmount,
        _ action: @escaping (TLSHandler, ChannelHandlerContext) -> Void
    ) {
        deadline?.cancel()
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: time) { [weak self] in
            guard let self else { return }
            self.deadline = nil
            action(self, context)
        }
    }

    /// Fails what waits for the handshake or to be sent.
    func failWaiting(with error: TLSError) {
        failWrites(with: error)
        handshakePromise?.fail(error)
        handshakePromise = nil
    }

    private func failWrites(with error: TLSError) {
        for promise in writes.takeAllPromises() { promise.fail(error) }
    }

    /// The channel is gone: whoever wanted it closed has it so.
    func succeedClose() {
        closePromise?.succeed()
        closePromise = nil
    }
}
