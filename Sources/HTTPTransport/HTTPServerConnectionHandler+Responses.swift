import Logging
import NIOCore
import NIOHTTP1

extension HTTPServerConnectionHandler {
    /// What became of a write of a streamed body.
    enum WriteResult: Sendable {
        case written
        /// Written, but the client has to catch up before the next write.
        case full
        case failed(HTTPTransportError)
    }

    typealias Produce = @Sendable (HTTPBodyWriter) async throws -> Void

    func respond(to head: HTTPRequestHead, body: ByteBuffer) {
        guard let context, let executor else { return }
        // The decoder stops behind a request to upgrade, so the connection cannot go on after such a request.
        let wantsUpgrade = head.method == .CONNECT || head.headers.contains(name: "upgrade")
        exchangeNumber += 1
        exchange = HTTPServerExchange(
            method: head.method, version: head.version, keepAlive: head.isKeepAlive && !wantsUpgrade,
            chargedBytes: body.readableBytes)
        let request = HTTPRequest(
            method: head.method, target: head.uri, headers: head.headers, body: body,
            remoteAddress: context.channel.remoteAddress, peer: peer)

        if let response = responder.respondImmediately(to: request) {
            if response.body.isUpgrade {
                // Given over only by a task, which then is the conversation's.
                let reference = HTTPServerConnectionReference(
                    self, exchange: exchangeNumber, eventLoop: context.eventLoop)
                task = Task(executorPreference: executor) { await reference.answer(response) }
                return
            }
            guard let produce = begin(response, exchange: exchangeNumber) else { return }
            let reference = HTTPServerConnectionReference(self, exchange: exchangeNumber, eventLoop: context.eventLoop)
            task = Task(executorPreference: executor) { await reference.stream(produce) }
        } else {
            let reference = HTTPServerConnectionReference(self, exchange: exchangeNumber, eventLoop: context.eventLoop)
            task = Task(executorPreference: executor) { [responder] in
                await reference.answer(await responder.respond(to: request))
            }
        }
    }

    /// Writes a response, or the head of one whose body is streamed.
    ///
    /// - Returns: the closure that has to be run for the body, or nil if the response is complete.
    func begin(_ response: HTTPResponse, exchange number: UInt64) -> Produce? {
        guard number == exchangeNumber, var exchange else { return nil }
        let (response, charged) = charge(response, of: exchange.method)
        let closes = response.headers[canonicalForm: "connection"].contains { $0.lowercased() == "close" }
        var head = HTTPResponseHead(version: exchange.version, status: response.status, headers: response.headers)
        head.headers.remove(name: "content-length")
        head.headers.remove(name: "transfer-encoding")
        head.headers.remove(name: "connection")
        let hasBody = response.status.mayHaveResponseBody && exchange.method != .HEAD
        var isDelimited = true
        switch response.body {
        case .none:
            if response.status.mayHaveResponseBody { head.headers.add(name: "Content-Length", value: "0") }
        case .bytes(let bytes):
            if response.status.mayHaveResponseBody {
                head.headers.add(name: "Content-Length", value: String(bytes.readableBytes))
            }
        case .sized(let length, _):
            if response.status.mayHaveResponseBody { head.headers.add(name: "Content-Length", value: String(length)) }
            exchange.missingBytes = length
        case .stream:
            if hasBody, exchange.version != .http1_0 {
                head.headers.add(name: "Transfer-Encoding", value: "chunked")
            } else if hasBody {
                isDelimited = false
            }
        case .webSocket, .upgraded:
            // A HEAD, or a client that has gone: `upgrade` is for all others.
            isDelimited = false
        }
        exchange.isLast = !exchange.keepAlive || isQuiescing || !isDelimited || closes
        if exchange.isLast {
            head.headers.add(name: "Connection", value: "close")
        } else if exchange.version == .http1_0 {
            head.headers.add(name: "Connection", value: "keep-alive")
        }
        if hasBody {
            switch response.body {
            case .stream, .sized: exchange.isStreaming = true
            case .none, .bytes, .webSocket, .upgraded: break
            }
        }
        self.exchange = exchange

        write(.head(head))
        switch response.body {
        case .bytes(let bytes) where hasBody:
            write(.body(.byteBuffer(bytes)), promise: charged)
            // TLS holds what is not flushed, unseen by the socket's mark.
            unflushedBytes += bytes.readableBytes
            if unflushedBytes > configuration.writeHighWaterMark { flushIfNeeded() }
            end()
        case .stream(let produce) where hasBody:
            flushIfNeeded()
            return produce
        case .sized(_, let produce) where hasBody:
            // The body's first piece follows at once: both go out together.
            return produce
        case .none, .bytes, .stream, .sized, .webSocket, .upgraded:
            end()
        }
        return nil
    }

    /// Responses below this size are not counted against the budget: they come and go by the thousand.
    private static let leastCharge = 64 * 1024

    /// Takes a large response's bytes from the budget until the socket has them, or replaces it by a refusal.
    private func charge(
        _ response: HTTPResponse, of method: HTTPMethod
    ) -> (HTTPResponse, EventLoopPromise<Void>?) {
        guard case .bytes(let bytes) = response.body, bytes.readableBytes >= Self.leastCharge,
            response.status.mayHaveResponseBody, method != .HEAD, let context
        else { return (response, nil) }
        let (count, budget) = (bytes.readableBytes, budget)
        guard budget.take(count) else {
            var refusal = responder.refusal(
                .serviceUnavailable, "the server holds as much for its clients as it may: try again")
            refusal.headers.replaceOrAdd(name: "Retry-After", value: "1")
            return (refusal, nil)
        }
        let sent = context.eventLoop.makePromise(of: Void.self)
        sent.futureResult.whenComplete { _ in budget.give(back: count) }
        return (response, sent)
    }

    /// Answers a client that has broken a rule or a limit; the connection reads on for a moment and then closes.
    func refuse(_ status: HTTPResponseStatus, _ reason: String) {
        let refusal = responder.refusal(status, reason)
        var body = ByteBuffer()
        if case .bytes(let bytes) = refusal.body { body = bytes }
        var headers = refusal.headers
        headers.replaceOrAdd(name: "Content-Length", value: String(body.readableBytes))
        headers.replaceOrAdd(name: "Connection", value: "close")
        if status == .serviceUnavailable { headers.replaceOrAdd(name: "Retry-After", value: "1") }
        logger.debug("http request refused", metadata: ["status": "\(status.code)", "reason": "\(reason)"])
        write(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers)))
        write(.body(.byteBuffer(body)))
        write(.end(nil))
        flushIfNeeded()
        setDeadline(configuration.lingerTimeout)
    }

    private func end() {
        guard let exchange else { return }
        self.exchange = nil
        task = nil
        discharge(exchange.chargedBytes)
        // A stream may have said that it goes on before the server began to close.
        if exchange.isLast || isQuiescing, let context {
            let written = context.eventLoop.makePromise(of: Void.self)
            let channel = context.channel
            written.futureResult.whenComplete { _ in channel.close(promise: nil) }
            write(.end(nil), promise: written)
            state.responseEnded(last: true)
            // The write timer sees only sockets that are full beyond the mark.
            setDeadline(configuration.idleTimeout)
            flushIfNeeded()
        } else {
            write(.end(nil))
            state.responseEnded(last: false)
            setDeadline(configuration.idleTimeout)
            advance()
        }
    }

    // MARK: Streaming

    func writeBody(_ bytes: ByteBuffer, exchange number: UInt64) -> WriteResult {
        guard number == exchangeNumber, exchange?.isStreaming == true, let context else {
            return .failed(failure ?? HTTPTransportError(.connectionClosed, "The response has ended."))
        }
        guard bytes.readableBytes > 0 else { return .written }
        if let missing = exchange?.missingBytes {
            guard bytes.readableBytes <= missing else {
                return .failed(HTTPTransportError(.connectionClosed, "The response is longer than it was said to be."))
            }
            exchange?.missingBytes = missing - bytes.readableBytes
        }
        write(.body(.byteBuffer(bytes)))
        flushIfNeeded()
        return context.channel.isWritable ? .written : .full
    }

    func waitForRoom(
        _ ticket: HTTPWriteTicket, exchange number: UInt64, _ continuation: CheckedContinuation<Void, any Error>
    ) {
        guard number == exchangeNumber, exchange != nil, let context else {
            let error = failure ?? HTTPTransportError(.connectionClosed, "The response has ended.")
            return continuation.resume(throwing: error)
        }
        if context.channel.isWritable { return continuation.resume() }
        if ticket.isAbandoned { return continuation.resume(throwing: CancellationError()) }
        waiters.append((ticket, continuation))
    }

    func abandonWait(_ ticket: HTTPWriteTicket) {
        ticket.abandon()
        guard let index = waiters.firstIndex(where: { $0.ticket === ticket }) else { return }
        waiters.remove(at: index).continuation.resume(throwing: CancellationError())
    }

    func resumeWaiters(throwing error: (any Error)?) {
        let resumed = waiters
        waiters.removeAll()
        for waiter in resumed {
            if let error { waiter.continuation.resume(throwing: error) } else { waiter.continuation.resume() }
        }
    }

    func streamEnded(exchange number: UInt64) {
        guard number == exchangeNumber, let exchange else { return }
        if let missing = exchange.missingBytes, missing > 0 {
            let error = HTTPTransportError(.connectionClosed, "The response is shorter than it was said to be.")
            return streamFailed(error, exchange: number)
        }
        end()
    }

    /// The body ends before its time: without the last chunk, or all bytes, the client can tell.
    func streamFailed(_ error: any Error, exchange number: UInt64) {
        guard number == exchangeNumber, exchange != nil else { return }
        logger.debug("http response ended early", metadata: ["error": "\(error)"])
        abort(HTTPTransportError(.connectionClosed, "The response's producer failed: \(error)", cause: error))
    }
}
