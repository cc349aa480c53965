import NIOCore
import Sessions
import TLSTransport
import Wire

/// The first handler of an accepted connection: without a certificate it enrols, with one it is replaced by a session.
///
/// Holds few packets while the acceptor decides; closes the connection when that takes too long.
final class AdmissionHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = PeerPacket
    typealias InboundOut = PeerPacket
    typealias OutboundOut = PeerPacket

    /// A peer says one thing, then waits: hello or enroll.
    private static let heldPackets = 4

    private enum State {
        case handshake
        case enrolling(EnrolmentListenSession, PeerCaller)
        case deciding(held: [PeerPacket])
        case over
    }

    private let acceptor: any PeerAcceptor
    private let configuration: PeerTransportConfiguration
    private let codec: PeerCodecHandler
    private let place: HalfOpenConnections.Place
    private let connections: AsyncStream<PeerConnection>.Continuation
    private let startedAt = Duration.monotonicNow
    private var state = State.handshake
    private var deadline: Scheduled<Void>?

    init(
        acceptor: any PeerAcceptor, configuration: PeerTransportConfiguration, codec: PeerCodecHandler,
        place: HalfOpenConnections.Place, connections: AsyncStream<PeerConnection>.Continuation
    ) {
        self.acceptor = acceptor
        self.configuration = configuration
        self.codec = codec
        self.place = place
        self.connections = connections
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let time = TimeAmount(configuration.admissionTimeout)
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: time) { [weak self] in
            guard let self else { return }
            self.state = .over
            context.close(promise: nil)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        deadline?.cancel()
        place.leave()
    }

    func channelInactive(context: ChannelHandlerContext) {
        state = .over
        deadline?.cancel()
        place.leave()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        state = .over
        if let end = error as? PeerSessionEnd {
            let code: ErrorMessage.Code = end.code == .limit ? .limit : .protocolViolation
            answer(context, .error(ErrorMessage(code: code, message: end.message)))
        } else if let error = error as? TLSError {
            acceptor.refused(error, from: context.channel.remoteAddress?.ipAddress ?? "")
        } else {
            context.close(promise: nil)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let completed = event as? TLSHandshakeCompleted else {
            if !(event is PeerBytesHeard) { context.fireUserInboundEventTriggered(event) }
            return
        }
        let caller = PeerCaller(
            clusterID: completed.peer?.commonName ?? "", identity: completed.peer,
            address: context.channel.remoteAddress?.ipAddress ?? "")
        guard let identity = completed.peer else {
            state = .enrolling(EnrolmentListenSession(), caller)
            return
        }
        state = .deciding(held: [])
        let roundTrip = Duration.monotonicNow - startedAt
        decide(context, { [acceptor] in await acceptor.admit(caller) }) { handler, context, admission in
            handler.admitted(context, admission, identity, roundTrip)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let packet = unwrapInboundIn(data)
        switch state {
        case .handshake, .over:
            break
        case .deciding(var held):
            held.append(packet)
            state = .deciding(held: held)
            guard held.count > Self.heldPackets else { return }
            state = .over
            answer(context, .error(ErrorMessage(code: .protocolViolation, message: "wait for the hello")))
        case .enrolling(var session, let caller):
            guard case .message(let message) = packet else {
                state = .over
                context.close(promise: nil)
                return
            }
            let action = session.received(message)
            state = .enrolling(session, caller)
            perform(context, action, caller)
        }
    }

    // MARK: Enrolment

    private func perform(
        _ context: ChannelHandlerContext, _ action: EnrolmentListenSession.Action, _ caller: PeerCaller
    ) {
        switch action {
        case .none:
            break
        case .answer(let message):
            state = .over
            answer(context, message)
        case .decide(let request):
            decide(context, { [acceptor] in await acceptor.enrol(request, from: caller) }) { handler, context, answer in
                guard case .enrolling(var session, let caller) = handler.state else { return }
                let message: Message =
                    switch answer {
                    case .enrolled(let message): .enrolled(message)
                    case .refused(let error): .error(error)
                    }
                let action = session.decided(message)
                handler.state = .enrolling(session, caller)
                handler.perform(context, action, caller)
            }
        }
    }

    /// The last word to a peer.
    private func answer(_ context: ChannelHandlerContext, _ message: Message) {
        context.writeAndFlush(wrapOutboundOut(.message(message)), promise: nil)
        context.close(promise: nil)
    }

    // MARK: Sessions

    private func admitted(
        _ context: ChannelHandlerContext, _ admission: PeerAdmission, _ identity: PeerIdentity, _ roundTrip: Duration
    ) {
        guard case .deciding(let held) = state else { return }
        state = .over
        switch admission {
        case .refuse(let error):
            answer(context, .error(error))
        case .accept(let hello):
            let established = context.eventLoop.makePromise(of: PeerConnection.self)
            established.futureResult.whenSuccess { [connections] connection in
                // A listener that has stopped serves nobody any more.
                if case .terminated = connections.yield(connection) { connection.drop() }
            }
            let session = PeerSessionConfiguration(
                local: hello, peerClusterID: identity.commonName, timings: configuration.timings,
                limits: configuration.sessionLimits, roundTripEstimate: roundTrip)
            let handler = PeerSessionHandler(
                session, identity: identity, configuration: configuration, established: established)
            codec.raise(configuration.frameLimits)
            do {
                let pipeline = context.pipeline.syncOperations
                try pipeline.addHandler(handler, position: .after(self))
                for packet in held { context.fireChannelRead(wrapInboundOut(packet)) }
                pipeline.removeHandler(self, promise: nil)
            } catch {
                established.fail(error)
                context.close(promise: nil)
            }
        }
    }

    /// Asks the acceptor on a task, and goes on here with its answer.
    private func decide<Answer: Sendable>(
        _ context: ChannelHandlerContext, _ question: @escaping @Sendable () async -> Answer,
        _ done: @escaping (AdmissionHandler, ChannelHandlerContext, Answer) -> Void
    ) {
        let promise = context.eventLoop.makePromise(of: Answer.self)
        promise.completeWithTask { await question() }
        promise.futureResult.assumeIsolated().whenSuccess { [weak self] answer in
            guard let self else { return }
            done(self, context, answer)
        }
    }
}
