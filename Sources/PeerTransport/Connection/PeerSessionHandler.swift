import JSONTree
import NIOCore
import Sessions
import Synchronization
import TLSTransport
import Wire

/// Feeds a ``PeerSession`` with what its connection hears, and does what it says. Bound to one event loop.
final class PeerSessionHandler: ChannelInboundHandler {
    typealias InboundIn = PeerPacket
    typealias OutboundOut = PeerPacket

    /// How much bulk is written between two flushes: the connection's writability only shows after a flush. What is flushed
    /// at once is encrypted and handed to the system at once.
    private static let flushAfter = 128 << 10

    private let configuration: PeerTransportConfiguration
    private let identity: PeerIdentity
    private var session: PeerSession
    private var context: ChannelHandlerContext?
    private var timers: SharedTimers?
    /// How long a deadline may be missed for the sake of others, in nanoseconds.
    private let slack: Int64
    /// When `timers` wakes this session.
    private var wakeAt: Duration?
    private var pipes: [UInt32: StreamPipe] = [:]
    /// Those that got bytes in this reading of the socket: their readers are woken at its end, or after so many bytes that they
    /// may as well begin.
    private var fed: [StreamPipe] = []
    private var fedBytes = 0
    private static let wakeAfter = 256 << 10
    private var openings: [UInt32: (pipe: StreamPipe, promise: EventLoopPromise<UInt32>)] = [:]
    private var events: AsyncStream<PeerEvent>.Continuation?
    private let untaken = UntakenCount()
    private var established: EventLoopPromise<PeerConnection>?
    private var unsent = 0
    private var failure: PeerSessionEnd?
    private var isPumping = false
    /// Whether something was heard after which the session may have more to say than its actions.
    private var mayHaveOutput = false

    /// - Parameter established: completed with the connection, or failed with the ``PeerSessionEnd`` before it.
    init(
        _ session: PeerSessionConfiguration, identity: PeerIdentity, configuration: PeerTransportConfiguration,
        established: EventLoopPromise<PeerConnection>
    ) {
        self.configuration = configuration
        slack = min(.milliseconds(100), configuration.timings.pingInterval / 10).nanoseconds
        self.identity = identity
        self.session = PeerSession(session)
        self.established = established
    }

    /// The id of the last ping that was answered.
    private var answeredPing = 0

    var roundTripTime: Duration? { session.roundTripTime }
    var isSettled: Bool { session.isSettled }

    // MARK: From the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        timers = SharedTimers.join(context.eventLoop)
        perform(session.start(.monotonicNow))
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        perform(session.lost(failure ?? PeerSessionEnd(.lost, "the connection was closed")))
        self.context = nil
        sleep()
        timers?.leave()
        timers = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        perform(session.lost(failure ?? PeerSessionEnd(.lost, "the connection to the peer ended")))
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let now = Duration.monotonicNow
        perform(session.heard(now))
        switch unwrapInboundIn(data) {
        case .message(let message):
            switch message {
            case .ping: break
            case .pong(let pong): answeredPing = max(answeredPing, pong.id)
            default: mayHaveOutput = true
            }
            perform(session.received(message, now))
        case .data(let id, let bytes): perform(session.received(stream: id, bytes))
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        wakeReaders()
        if mayHaveOutput {
            mayHaveOutput = false
            pump()
        }
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { unsent = 0 }
        pump()
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is PeerBytesHeard {
            perform(session.heard(.monotonicNow))
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let end = error as? PeerSessionEnd {
            perform(session.violated(end))
        } else {
            failure = PeerSessionEnd(connectionError: error)
            if !(error is TLSError) { context.close(promise: nil) }
        }
    }

    // MARK: Asking for a sign of life

    /// - Returns: the id of a ping that has gone out; `nil` where the session is over.
    func challenge() -> Int? {
        guard let (id, actions) = session.challenge(.monotonicNow) else { return nil }
        perform(actions)
        return id
    }

    /// Whether the peer has answered a ping, or a later one; `nil` where the session is over.
    func hasAnswered(_ id: Int) -> Bool? { session.end == nil ? answeredPing >= id : nil }

    // MARK: Doing what the session says

    /// Lets `body` change the session, and does what comes of it.
    func change(_ body: (inout PeerSession) -> [PeerSession.Action]) {
        perform(body(&session))
        pump()
    }

    /// Asks the session something where it stands: a property of it that is read here copies it whole.
    private func ask<Answer>(_ question: (inout PeerSession) -> Answer) -> Answer { question(&session) }

    private func perform(_ actions: [PeerSession.Action]) {
        // What asks for nothing, a message and a stream's bytes only put the deadline off: the timer looks again by itself.
        var (isSent, isChanged) = (false, wakeAt == nil)
        for action in actions {
            switch action {
            case .send(let message):
                send(message)
                isSent = true
            case .deliver(.stream(.data(let id, let bytes))): feed(id, bytes)
            case .deliver(let event):
                deliver(event)
                isChanged = true
            case .close(let end): close(end)
            }
        }
        if isSent { context?.flush() }
        if isChanged { schedule() }
    }

    private func send(_ message: Message) {
        guard let context else { return }
        if !context.channel.isWritable {
            unsent += 1
            // The peer makes us answer and does not read the answers.
            guard unsent <= configuration.unsentAnswers else {
                if session.end == nil {
                    perform(session.lost(PeerSessionEnd(.limit, "the peer does not read what it is sent")))
                }
                return
            }
        }
        session.spoke(.monotonicNow)
        context.write(wrapOutboundOut(.message(message)), promise: nil)
    }

    /// Writes what waits in the session while the connection takes it.
    private func pump() {
        guard let context, !isPumping, ask({ $0.end }) == nil else { return }
        isPumping = true
        defer { isPumping = false }
        var unflushed = 0
        while context.channel.isActive, context.channel.isWritable, let output = session.nextOutput(.monotonicNow) {
            switch output {
            case .message(let message):
                context.write(wrapOutboundOut(.message(message)), promise: nil)
                unflushed += Self.flushAfter
            case .data(let id, let bytes):
                context.write(wrapOutboundOut(.data(stream: id, bytes)), promise: nil)
                unflushed += bytes.count
                pipes[id]?.sent(bytes.count)
            }
            session.spoke(.monotonicNow)
            if unflushed >= Self.flushAfter {
                context.flush()
                unflushed = 0
            }
        }
        if unflushed > 0 { context.flush() }
        if ask({ $0.outputDeadline }) != nil { schedule() }
    }

    private func schedule() {
        let (deadline, outputDeadline) = ask {
            ($0.deadline.map { SharedTimers.common($0, slack: slack) }, $0.outputDeadline)
        }
        // What is held back for others to go with it goes at its time, or when the connection takes it.
        let output = outputDeadline != nil && context?.channel.isWritable == true ? outputDeadline : nil
        guard let time = deadline.map({ min($0, output ?? $0) }) ?? output else { return sleep() }
        // A later deadline waits for the earlier timer, which then looks again.
        if let wakeAt, wakeAt <= time { return }
        sleep()
        wakeAt = time
        timers?.add(self, at: time)
    }

    /// Waits for no time any more.
    private func sleep() {
        if let wakeAt { timers?.remove(self, at: wakeAt) }
        wakeAt = nil
    }

    /// The time for which this session waited, or one that it does not wait for any more.
    func timeHasCome(_ time: Duration) {
        guard wakeAt == time else { return }
        wakeAt = nil
        perform(session.tick(.monotonicNow))
        if ask({ $0.outputDeadline }) != nil { pump() }
        if wakeAt == nil { schedule() }
    }

    private func close(_ end: PeerSessionEnd) {
        established?.fail(end)
        established = nil
        let error = StreamError(.closed, "the connection to the peer is gone: \(end.message)")
        for pipe in pipes.values { pipe.failed(error) }
        for opening in openings.values { opening.promise.fail(error) }
        pipes = [:]
        openings = [:]
        events?.yield(.lost(end))
        events?.finish()
        events = nil
        sleep()
        context?.flush()
        context?.close(promise: nil)
    }

    // MARK: Telling the owner

    private func deliver(_ event: PeerSessionEvent) {
        switch event {
        case .established(let agreement): establish(agreement)
        case .desired(let changes): yield(.desired(changes))
        case .observed(let changes): yield(.observed(changes))
        case .received(let message): yield(.received(message))
        case .suspected(let silence): yield(.suspected(silence: silence))
        case .recovered: yield(.recovered)
        case .stream(let event): deliver(event)
        }
    }

    private func establish(_ agreement: PeerEstablished) {
        guard let context, let promise = established else { return }
        established = nil
        let (stream, continuation) = AsyncStream<PeerEvent>.makeStream()
        events = continuation
        let core = core(context)
        promise.succeed(
            PeerConnection(
                core: core, agreement: agreement, identity: identity,
                events: PeerEvents(stream: stream, taken: { [untaken] in core.taken($0, untaken) })))
    }

    private func core(_ context: ChannelHandlerContext) -> PeerConnectionCore {
        PeerConnectionCore(
            channel: context.channel, handler: NIOLoopBound(self, eventLoop: context.eventLoop),
            leastReport: configuration.sessionLimits.leastGrant)
    }

    private func yield(_ event: PeerEvent) {
        guard let events else { return }
        guard untaken.add() <= configuration.untakenEvents else {
            return perform(
                session.violated(PeerSessionEnd(.limit, "more messages than this side can take; slow down")))
        }
        events.yield(event)
    }

    private func deliver(_ event: StreamEvent) {
        switch event {
        case .requested(let request):
            guard let context else { return }
            yield(.streamRequested(IncomingStream(request, connection: core(context))))
        case .opened(let id):
            guard let (pipe, promise) = openings.removeValue(forKey: id) else { return }
            pipes[id] = pipe
            promise.succeed(id)
        case .refused(let refusal):
            openings.removeValue(forKey: refusal.id)?.promise.fail(
                StreamError(.refused, reason: refusal.code, refusal.message))
        case .data(let id, let bytes): feed(id, bytes)
        case .ended(let id): pipes[id]?.ended()
        case .failed(let id, let message):
            let error = StreamError(.failed, message)
            pipes.removeValue(forKey: id)?.failed(error)
            openings.removeValue(forKey: id)?.promise.fail(error)
        }
    }

    // MARK: Streams

    private func feed(_ id: UInt32, _ bytes: ArraySlice<UInt8>) {
        guard let pipe = pipes[id] else { return }
        pipe.received(bytes)
        if fed.last !== pipe { fed.append(pipe) }
        fedBytes += bytes.count
        if fedBytes >= Self.wakeAfter { wakeReaders() }
    }

    func open(
        kind: String, parameters: JSON, leaving spare: Int, _ pipe: StreamPipe, _ promise: EventLoopPromise<UInt32>
    ) {
        do throws(StreamError) {
            let (id, actions) = try session.openStream(kind: kind, parameters: parameters, leaving: spare)
            openings[id] = (pipe, promise)
            perform(actions)
        } catch {
            promise.fail(error)
        }
    }

    func accept(_ id: UInt32, _ pipe: StreamPipe) {
        guard session.end == nil else {
            return pipe.failed(StreamError(.closed, "the connection to the peer is gone"))
        }
        pipes[id] = pipe
        change { $0.acceptStream(id) }
    }

    /// Takes over what was written to the stream.
    func fetch(_ id: UInt32) {
        guard let pipe = pipes[id] else { return }
        for bytes in pipe.fetch() {
            guard session.writeStream(id, bytes) else {
                return pipe.failed(StreamError(.closed, "the stream is closed"))
            }
        }
        pump()
    }

    private func wakeReaders() {
        guard !fed.isEmpty else { return }
        for pipe in fed { pipe.wake() }
        fed.removeAll(keepingCapacity: true)
        fedBytes = 0
    }

    /// Nobody uses the stream any more, and it is not over.
    func drop(_ id: UInt32, error: String) {
        pipes[id] = nil
        change { $0.dropStream(id, error: error) }
    }

    /// Nobody uses the stream any more, and it is over.
    func forget(_ id: UInt32) { pipes[id] = nil }

    /// Nobody waits any more for the stream that was to be opened.
    func abandon(_ pipe: StreamPipe) {
        guard let (id, opening) = openings.first(where: { $0.value.pipe === pipe }) else { return }
        opening.promise.fail(CancellationError())
        cancel(id, error: "the stream is not wanted any more")
    }

    func cancel(_ id: UInt32, error: String) {
        pipes[id] = nil
        openings[id] = nil
        change { $0.cancelStream(id, error: error) }
    }
}

/// How many events wait for the owner of a connection.
final class UntakenCount: Sendable {
    private let count = Atomic(0)

    func add() -> Int { count.add(1, ordering: .relaxed).newValue }
    func remove() { count.subtract(1, ordering: .relaxed) }
}
