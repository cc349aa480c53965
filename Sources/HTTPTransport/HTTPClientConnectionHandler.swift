import NIOCore
import NIOHTTP1
import TLSTransport

/// One client connection: sends a request, delivers its response, and is then ready for the next.
///
/// | state      | input               | next state          |
/// |------------|---------------------|---------------------|
/// | idle       | start               | waiting             |
/// | waiting    | head                | collecting or streaming |
/// | collecting | body, end           | collecting, then idle or closed |
/// | streaming  | body, end           | streaming, then closed |
/// | waiting    | head of a 101 that was asked for | upgrading |
/// | upgrading  | end                 | closed: other handlers have the connection |
/// | any        | error, close, deadline | closed           |
///
/// Bound to its event loop.
final class HTTPClientConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias InboundOut = Never
    typealias OutboundIn = Never
    typealias OutboundOut = HTTPClientRequestPart

    private enum State {
        case idle
        case waiting(HTTPClientExchange)
        case collecting(EventLoopPromise<HTTPClientExchange.Outcome>, limit: Int, HTTPResponseHead, ByteBuffer)
        case streaming(HTTPClientStreamSource)
        case upgrading(HTTPClientUpgrade, HTTPHeaders)
        case closed
    }

    private let endpoint: HTTPEndpoint
    private let configuration: HTTPClientConfiguration
    private var context: ChannelHandlerContext?
    private var state = State.idle
    private var reason: HTTPTransportError?

    private var request = ""
    private var silenceLimit: Duration?
    private var started = NIODeadline.now()
    private var lastInput = NIODeadline.now()
    private var timer: Scheduled<Void>?
    private var isPaused = false
    private var readIsPending = false

    init(endpoint: HTTPEndpoint, configuration: HTTPClientConfiguration) {
        self.endpoint = endpoint
        self.configuration = configuration
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        close()
        self.context = nil
    }

    // MARK: Requests

    /// Sends a request. The connection must be idle.
    ///
    /// - Parameter silenceLimit: how long a streamed body may bring nothing; nil means for ever.
    func start(_ request: HTTPClientRequest, _ exchange: HTTPClientExchange, silenceLimit: Duration? = nil) {
        guard case .idle = state, let context, context.channel.isActive else {
            let error = HTTPTransportError(.connectionClosed, "The connection to \(endpoint) had been closed.")
            return exchange.fail(reason ?? error, .notSent)
        }
        state = .waiting(exchange)
        self.request = "\(request.method) \(endpoint)\(request.target.prefix { $0 != "?" })"
        self.silenceLimit = silenceLimit
        started = .now()
        switch exchange {
        case .collect:
            let total = request.timeout ?? configuration.requestTimeout
            schedule(.responseTimeout, after: min(configuration.responseTimeout, total), total: total)
        case .stream, .upgrade:
            schedule(.responseTimeout, after: configuration.responseTimeout, total: nil)
        }

        var head = HTTPRequestHead(
            version: .http1_1, method: request.method, uri: endpoint.basePath + request.target,
            headers: request.headers)
        head.headers.replaceOrAdd(name: "Host", value: endpoint.authority)
        head.headers.remove(name: "Transfer-Encoding")
        head.headers.remove(name: "Content-Length")
        if let body = request.body {
            head.headers.add(name: "Content-Length", value: String(body.readableBytes))
        }
        context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
        if let body = request.body, body.readableBytes > 0 {
            context.write(Self.wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        }
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
    }

    // MARK: Responses

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        lastInput = .now()
        switch Self.unwrapInboundIn(data) {
        case .head(let head): received(head, context)
        case .body(let bytes): received(bytes)
        case .end: receivedEnd(context)
        }
    }

    private func received(_ head: HTTPResponseHead, _ context: ChannelHandlerContext) {
        guard case .waiting(let exchange) = state else { return }
        switch exchange {
        case .collect(let promise, let limit):
            state = .collecting(promise, limit: limit, head, ByteBuffer())
        case .stream(let promise): promise.succeed(stream(head, context))
        case .upgrade(let upgrade):
            if head.status == .switchingProtocols {
                state = .upgrading(upgrade, head.headers)
            } else {
                upgrade.refuse(stream(head, context))
            }
        }
    }

    private func stream(_ head: HTTPResponseHead, _ context: ChannelHandlerContext) -> HTTPClientStream {
        timer?.cancel()
        timer = nil
        let (source, body) = HTTPClientStreamSource.make(connection: self, channel: context.channel)
        state = .streaming(source)
        scheduleSilenceCheck()
        return HTTPClientStream(status: head.status, headers: head.headers, body: body, channel: context.channel)
    }

    private func received(_ bytes: ByteBuffer) {
        switch state {
        case .collecting(let promise, let limit, let head, var collected):
            guard collected.readableBytes + bytes.readableBytes <= limit else {
                return fail(.bodyTooLarge, "The response to \(request) is larger than \(limit) bytes.")
            }
            state = .idle  // gives up the other reference, so that appending does not copy
            var bytes = bytes
            if collected.readableBytes == 0 { collected = bytes } else { collected.writeBuffer(&bytes) }
            state = .collecting(promise, limit: limit, head, collected)
        case .streaming(let source):
            if !source.yield(bytes) { isPaused = true }
        case .idle, .waiting, .upgrading, .closed:
            break
        }
    }

    private func receivedEnd(_ context: ChannelHandlerContext) {
        switch state {
        case .collecting(let promise, _, let head, let body):
            timer?.cancel()
            timer = nil
            state = .idle
            let isReusable = head.isKeepAlive && context.channel.isActive
            if isReusable { scheduleIdleClose(context) } else { context.close(promise: nil) }
            let response = HTTPClientResponse(status: head.status, headers: head.headers, body: body)
            promise.succeed(HTTPClientExchange.Outcome(response: response, isReusable: isReusable))
        case .streaming(let source):
            state = .closed
            source.finish(throwing: nil)
            context.close(promise: nil)
        case .upgrading(let upgrade, let headers): leave(for: upgrade, headers, context)
        case .idle, .waiting, .closed:
            break
        }
    }

    /// Gives the connection over to what the server has agreed to speak.
    private func leave(for upgrade: HTTPClientUpgrade, _ headers: HTTPHeaders, _ context: ChannelHandlerContext) {
        do {
            let successor = try upgrade.accept(headers, context.eventLoop)
            let pipeline = context.pipeline.syncOperations
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPResponseDecoder>.self)
            let encoder = try pipeline.context(handlerType: HTTPRequestEncoder.self)
            let leftovers = HTTPLeftoverHandler()
            try pipeline.addHandlers([leftovers] + successor.handlers)
            timer?.cancel()
            timer = nil
            state = .closed
            pipeline.removeHandler(context: encoder, promise: nil)
            pipeline.removeHandler(context: context, promise: nil)
            let left = context.eventLoop.makePromise(of: Void.self)
            left.futureResult.assumeIsolated().whenComplete { _ in
                pipeline.removeHandler(leftovers, promise: nil)
                successor.begin()
            }
            pipeline.removeHandler(decoder, promise: left)
        } catch let error as HTTPTransportError {
            fail(error.code, error.message)
        } catch {
            fail(.connectionClosed, "The connection to \(endpoint) broke: \(error)")
        }
    }

    // MARK: Backpressure

    func read(context: ChannelHandlerContext) {
        if isPaused { readIsPending = true } else { context.read() }
    }

    func resumeReading() {
        isPaused = false
        lastInput = .now()
        guard readIsPending else { return }
        readIsPending = false
        context?.read()
    }

    // MARK: Deadlines

    private func schedule(_ code: HTTPTransportError.Code, after delay: Duration, total: Duration?) {
        guard let context else { return }
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: started + TimeAmount(delay)) {
            if case .collecting = self.state, let total, total > delay {
                self.schedule(code, after: total, total: nil)
            } else {
                self.fail(code, "There was no complete response to \(self.request) after \(delay).")
            }
        }
    }

    private func scheduleIdleClose(_ context: ChannelHandlerContext) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(configuration.idleTimeout)) {
            if case .idle = self.state { self.context?.close(promise: nil) }
        }
    }

    private func scheduleSilenceCheck() {
        guard let context, let silenceLimit else { return }
        let deadline = lastInput + TimeAmount(silenceLimit)
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            if !self.isPaused, self.lastInput + TimeAmount(silenceLimit) <= .now() {
                self.fail(.responseTimeout, "The response to \(self.request) brought nothing for \(silenceLimit).")
            } else {
                if self.isPaused { self.lastInput = .now() }
                self.scheduleSilenceCheck()
            }
        }
    }

    /// Takes the connection out of idleness: its idle deadline no longer applies.
    func willStart() {
        timer?.cancel()
        timer = nil
    }

    // MARK: End

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case let error as TLSError where error.code == .truncated || error.code == .closed:
            break  // channelInactive follows, and says what it means for the request
        case HTTPParserError.invalidEOFState:
            break
        case let error as TLSError:
            reason = HTTPTransportError(
                .tlsFailed, "The TLS connection to \(endpoint) failed: \(error.message).", cause: error)
        case is HTTPParserError, is NIOHTTPDecoderError:
            reason = HTTPTransportError(
                .protocolViolation, "\(endpoint) answered with something that is not HTTP/1.1.", cause: error)
        default:
            reason = HTTPTransportError(
                .connectionClosed, "The connection to \(endpoint) broke: \(error).", cause: error)
        }
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        close()
    }

    private func fail(_ code: HTTPTransportError.Code, _ message: String) {
        reason = HTTPTransportError(code, message)
        close()
        context?.close(promise: nil)
    }

    private func close() {
        timer?.cancel()
        timer = nil
        let last = state
        state = .closed
        let isBroken = reason == nil || reason?.code == .connectionClosed
        let error =
            reason
            ?? HTTPTransportError(
                .connectionClosed,
                "\(endpoint) closed the connection before the response to \(request) was complete.")
        switch last {
        case .waiting(let exchange): exchange.fail(error, isBroken ? .unanswered : .settled)
        case .collecting(let promise, _, _, _):
            promise.fail(HTTPClientExchange.Failure(error: error, fate: .settled))
        case .streaming(let source): source.finish(throwing: error)
        case .upgrading(let upgrade, _): upgrade.fail(HTTPClientExchange.Failure(error: error, fate: .settled))
        case .idle, .closed: break
        }
    }
}
