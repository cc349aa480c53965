import Logging
import NIOCore
import NIOHTTP1
import TLSTransport

/// Performs what ``HTTPServerConnectionState`` decides on one connection and keeps the client's deadlines.
///
/// Bound to its event loop. Does not decode, does not do TLS; responses are in an extension.
final class HTTPServerConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = Never
    typealias OutboundIn = Never
    typealias OutboundOut = HTTPServerResponsePart

    let configuration: HTTPServerConfiguration
    let responder: any HTTPResponder
    let budget: HTTPMemoryBudget
    let logger: Logger
    /// Called once the client has proved who it is.
    var clientIsKnown: () -> Void = {}

    var state: HTTPServerConnectionState
    var context: ChannelHandlerContext?
    var executor: EventLoopTaskExecutor?
    var isQuiescing = false
    /// The client, known once the TLS handshake is done.
    var peer: PeerIdentity?

    /// The request that is being answered, its number, and the task at work on it.
    var exchange: HTTPServerExchange?
    var exchangeNumber: UInt64 = 0
    var task: Task<Void, Never>?
    /// Writes that wait for room, in order.
    var waiters: [(ticket: HTTPWriteTicket, continuation: CheckedContinuation<Void, any Error>)] = []
    /// Why nothing can be written any more.
    var failure: HTTPTransportError?
    var writeTimer: Scheduled<Void>?
    /// How much of a response was left to take when its idle time was over.
    private var lastQueuedBytes = 0
    /// What this connection has taken of the budget for bodies.
    var chargedBytes = 0
    /// Bytes of bodies that were written since the last flush.
    var unflushedBytes = 0

    private var isAdvancing = false
    private var isInRead = false
    private var needsFlush = false
    private var readIsPending = false
    private var headHasBegun = false
    private var deadline: NIODeadline?
    private var deadlineTimer: Scheduled<Void>?

    init(
        configuration: HTTPServerConfiguration, responder: any HTTPResponder, budget: HTTPMemoryBudget, logger: Logger
    ) {
        self.configuration = configuration
        self.responder = responder
        self.budget = budget
        self.logger = logger
        state = HTTPServerConnectionState(configuration)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        executor = EventLoopTaskExecutor(context.eventLoop)
        setDeadline(configuration.headTimeout)
        scheduleDeadlineTimer()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        finish(HTTPTransportError(.connectionClosed, "The connection has been closed."))
        self.context = nil
    }

    // MARK: Input

    /// Whether bytes from the client are still of interest.
    var takesInput: Bool {
        switch state.phase {
        case .idle, .receiving, .responding: true
        case .lingering, .closed: false
        }
    }

    /// Bytes have arrived: returns true, and starts their deadline, if they begin a request's head.
    func headMayBegin() -> Bool {
        guard !headHasBegun, state.isBetweenRequests else { return false }
        headHasBegun = true
        setDeadline(configuration.headTimeout)
        return true
    }

    /// The first line of a request has outgrown its limit.
    func requestLineTooLong() {
        let reason = "the request target is longer than \(configuration.maxTargetLength) bytes"
        receive(.malformed(.uriTooLong, reason: reason))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isInRead = true
        switch Self.unwrapInboundIn(data) {
        case .head(let head):
            headHasBegun = false
            receive(.head(head))
        case .body(let bytes): receiveBody(bytes)
        case .end: receive(.end)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isInRead = false
        flushIfNeeded()
    }

    func read(context: ChannelHandlerContext) {
        if state.wantsInput { context.read() } else { readIsPending = true }
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish(HTTPTransportError(.connectionClosed, "The client has closed the connection."))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case HTTPParserError.invalidEOFState:
            context.close(promise: nil)
        case HTTPParserError.headerOverflow:
            receive(.malformed(.requestHeaderFieldsTooLarge, reason: "the headers are too many or too large"))
        case is HTTPParserError:
            receive(.malformed(.badRequest, reason: "this is not an HTTP/1.1 request"))
        default:
            logger.debug("http connection failed", metadata: ["error": "\(error)"])
            context.close(promise: nil)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            quiesce()
        case let event as TLSHandshakeCompleted:
            peer = event.peer
            if peer != nil {
                state.clientIsKnown()
                clientIsKnown()
            }
            context.fireUserInboundEventTriggered(event)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    private func receiveBody(_ bytes: ByteBuffer) {
        guard takesInput else { return }
        guard budget.take(bytes.readableBytes) else {
            return receive(
                .malformed(.serviceUnavailable, reason: "the server holds as much for its clients as it may: try again")
            )
        }
        chargedBytes += bytes.readableBytes
        receive(.body(bytes))
    }

    /// Gives back what a request's body has taken.
    func discharge(_ count: Int) {
        chargedBytes -= count
        budget.give(back: count)
    }

    private func receive(_ input: HTTPServerConnectionState.Input) {
        state.received(input)
        advance()
    }

    /// Performs actions until the state waits. Responses that are at hand end inside this loop instead of recursing,
    /// so that a thousand pipelined requests need no deeper stack than one.
    func advance() {
        guard !isAdvancing else { return }
        isAdvancing = true
        while mayBegin, let action = state.next() { perform(action) }
        isAdvancing = false
        if !isInRead { flushIfNeeded() }
        if readIsPending, state.wantsInput {
            readIsPending = false
            context?.read()
        }
    }

    /// Whether the next thing may be done: no request is begun while the client has not taken the responses before it, or
    /// one that asks and never reads would have them all in memory.
    private var mayBegin: Bool {
        switch state.phase {
        case .idle: context?.channel.isWritable ?? false
        case .receiving, .responding, .lingering, .closed: true
        }
    }

    private func perform(_ action: HTTPServerConnectionState.Action) {
        switch action {
        case .none:
            break
        case .awaitBody(let sendContinue):
            setDeadline(configuration.bodyTimeout)
            if sendContinue {
                write(.head(HTTPResponseHead(version: .http1_1, status: .continue)))
                flushIfNeeded()
            }
        case .respond(let head, let body):
            deadline = nil
            respond(to: head, body: body)
        case .refuse(let status, let reason):
            refuse(status, reason)
        }
    }

    // MARK: Output

    func write(_ part: HTTPServerResponsePart, promise: EventLoopPromise<Void>? = nil) {
        needsFlush = true
        context?.write(Self.wrapOutboundOut(part), promise: promise)
    }

    func flushIfNeeded() {
        guard needsFlush else { return }
        needsFlush = false
        unflushedBytes = 0
        context?.flush()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            writeTimer?.cancel()
            writeTimer = nil
            resumeWaiters(throwing: nil)
            advance()
        } else if writeTimer == nil {
            scheduleWriteTimer(context)
        }
        context.fireChannelWritabilityChanged()
    }

    /// Cuts the client off if it has not taken a little of what is queued when the time is over; a slow link that moves
    /// is left alone.
    private func scheduleWriteTimer(_ context: ChannelHandlerContext) {
        let timeout = configuration.writeTimeout
        let queued = Self.queuedBytes(context)
        writeTimer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(timeout)) {
            guard let context = self.context else { return }
            guard Self.queuedBytes(context) > queued - Self.leastProgress else {
                return self.scheduleWriteTimer(context)
            }
            self.logger.info("http client cut off: it does not read", metadata: ["timeout": "\(timeout)"])
            self.abort(HTTPTransportError(.writeTimeout, "The client did not read for \(timeout)."))
        }
    }

    /// Bytes that a client has to take per write timeout: a modem's pace, but not that of one who only wants the socket.
    private static let leastProgress = 4096

    /// Whether what is left of a response, too little for the write timer, has become less since the last look.
    private var isTakingItsLastBytes: Bool {
        guard let context else { return false }
        let queued = Self.queuedBytes(context)
        defer { lastQueuedBytes = queued }
        return queued > 0 && queued != lastQueuedBytes
    }

    private static func queuedBytes(_ context: ChannelHandlerContext) -> Int {
        (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }

    // MARK: End

    /// Lets the request under way end, then closes; a streaming response of no known length is asked to end now.
    private func quiesce() {
        isQuiescing = true
        switch state.phase {
        case .idle where !headHasBegun:
            context?.close(promise: nil)
        case .responding where exchange?.isStreaming == true && exchange?.missingBytes == nil:
            task?.cancel()
        case .idle, .receiving, .responding, .lingering, .closed:
            break
        }
    }

    /// Closes at once; whatever is being written is cut.
    func abort(_ error: HTTPTransportError) {
        finish(error)
        context?.close(promise: nil)
    }

    private func finish(_ error: HTTPTransportError) {
        if failure == nil { failure = error }
        state.closed()
        exchange = nil
        task?.cancel()
        task = nil
        discharge(chargedBytes)
        deadlineTimer?.cancel()
        deadlineTimer = nil
        writeTimer?.cancel()
        writeTimer = nil
        resumeWaiters(throwing: failure)
    }

    // MARK: Deadlines

    /// The shortest deadline there is. The timer fires this often and looks whether one has passed, so that the hot
    /// path only stores a date and no timer is set or cancelled per request.
    private var shortestTimeout: TimeAmount {
        TimeAmount(
            min(
                configuration.headTimeout, configuration.bodyTimeout, configuration.idleTimeout,
                configuration.lingerTimeout))
    }

    func setDeadline(_ timeout: Duration) {
        deadline = .now() + TimeAmount(timeout)
    }

    private func scheduleDeadlineTimer() {
        guard let context else { return }
        let latest = NIODeadline.now() + shortestTimeout
        let next = deadline.map { min($0, latest) } ?? latest
        deadlineTimer = context.eventLoop.assumeIsolated().scheduleTask(deadline: next) {
            self.deadlineTimerFired()
        }
    }

    private func deadlineTimerFired() {
        guard let deadline, deadline <= .now() else { return scheduleDeadlineTimer() }
        self.deadline = nil
        switch state.phase {
        case .idle where headHasBegun:
            perform(state.timedOut("the head of the request was not complete after \(configuration.headTimeout)"))
            scheduleDeadlineTimer()
        case .receiving:
            perform(state.timedOut("the body of the request was not complete after \(configuration.bodyTimeout)"))
            scheduleDeadlineTimer()
        case .idle where context?.channel.isWritable == false:
            // Still taking its last response; the write timer watches it.
            setDeadline(configuration.idleTimeout)
            scheduleDeadlineTimer()
        case .idle where isTakingItsLastBytes:
            setDeadline(configuration.writeTimeout)
            scheduleDeadlineTimer()
        case .idle, .lingering, .closed:
            context?.close(promise: nil)
        case .responding:
            scheduleDeadlineTimer()
        }
    }
}
