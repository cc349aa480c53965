import NIOCore
import NIOHTTP1

/// The conversation on one server connection: requests are answered one at a time, in order.
///
/// | state      | input                     | next state | action                         |
/// |------------|---------------------------|------------|--------------------------------|
/// | idle       | head within limits        | receiving  | await body                     |
/// | idle       | head beyond limits        | lingering  | refuse                         |
/// | receiving  | body within the limit     | receiving  | none                           |
/// | receiving  | body beyond the limit     | lingering  | refuse 413, or 401 of a client not known |
/// | receiving  | end                       | responding | respond                        |
/// | any before responding | malformed      | lingering  | refuse                         |
/// | responding | anything                  | responding | none: the input waits          |
/// | responding | response ended            | idle       | go on with what waits          |
/// | responding | response ended, last one  | lingering or closed | close                 |
/// | lingering, closed | anything           | same       | none: the input is dropped     |
///
/// Pure: no clock, no channel. Deadlines follow from ``phase``.
struct HTTPServerConnectionState {
    /// Something the decoder delivered.
    enum Input {
        case head(HTTPRequestHead)
        case body(ByteBuffer)
        case end
        case malformed(HTTPResponseStatus, reason: String)
    }

    /// What the handler shall do.
    enum Action {
        case none
        /// The head is accepted and the body may come; `sendContinue` if the client waits to be told so.
        case awaitBody(sendContinue: Bool)
        case respond(HTTPRequestHead, body: ByteBuffer)
        /// Answer with this status, say that the connection closes, and stop listening to the client.
        case refuse(HTTPResponseStatus, reason: String)
    }

    /// What the connection is waiting for: each phase has its own deadline.
    enum Phase {
        case idle, receiving, responding, lingering, closed
    }

    private enum State {
        case idle
        case receiving(HTTPRequestHead, ByteBuffer)
        case responding
        case lingering
        case closed
    }

    private let maxTargetLength: Int
    private let maxBodyBytes: Int
    /// The limit of a client that has not proved who it is; nil once it has, or where it is the same.
    private var maxAnonymousBodyBytes: Int?
    private let maxPipelinedRequests: Int
    private var state = State.idle
    private var waiting = CircularBuffer<Input>()
    private var waitingRequests = 0
    private var waitingBytes = 0

    init(_ configuration: HTTPServerConfiguration) {
        maxTargetLength = configuration.maxTargetLength
        maxBodyBytes = configuration.maxBodyBytes
        maxAnonymousBodyBytes = configuration.maxAnonymousBodyBytes
        maxPipelinedRequests = configuration.maxPipelinedRequests
    }

    var phase: Phase {
        switch state {
        case .idle: .idle
        case .receiving: .receiving
        case .responding: .responding
        case .lingering: .lingering
        case .closed: .closed
        }
    }

    /// Whether more may be read from the socket: not while too much waits behind the current response.
    var wantsInput: Bool {
        waitingRequests < maxPipelinedRequests && waitingBytes <= maxBodyBytes
    }

    /// Nothing of a next request has been decoded.
    var isBetweenRequests: Bool {
        switch state {
        case .idle: waiting.isEmpty
        case .receiving, .responding, .lingering, .closed: false
        }
    }

    /// The client has proved who it is.
    mutating func clientIsKnown() {
        maxAnonymousBodyBytes = nil
    }

    /// Takes in what the decoder delivered; ``next()`` says what follows from it.
    mutating func received(_ input: Input) {
        switch state {
        case .lingering, .closed:
            return
        case .idle, .receiving, .responding:
            break
        }
        switch input {
        case .head: waitingRequests += 1
        case .body(let bytes): waitingBytes += bytes.readableBytes
        case .end, .malformed: break
        }
        waiting.append(input)
    }

    /// The next thing to do, or nil when the connection has to wait for the client or for the response.
    mutating func next() -> Action? {
        switch state {
        case .idle:
            guard let input = take() else { return nil }
            switch input {
            case .head(let head):
                return begin(head)
            case .malformed(let status, let reason):
                return refuse(status, reason)
            case .body, .end:
                preconditionFailure("the decoder delivers a head before a body")
            }
        case .receiving(let head, var collected):
            guard let input = take() else { return nil }
            switch input {
            case .body(var bytes):
                if let refusal = refusal(ofBody: collected.readableBytes + bytes.readableBytes) { return refusal }
                state = .closed  // gives up the other reference, so that appending does not copy
                if collected.readableBytes == 0 { collected = bytes } else { collected.writeBuffer(&bytes) }
                state = .receiving(head, collected)
                return Action.none
            case .end:
                state = .responding
                return .respond(head, body: collected)
            case .malformed(let status, let reason):
                return refuse(status, reason)
            case .head:
                preconditionFailure("the decoder delivers an end before the next head")
            }
        case .responding, .lingering, .closed:
            return nil
        }
    }

    /// The response is written completely.
    ///
    /// - Parameter last: whether the connection is to close; it then takes no more input.
    mutating func responseEnded(last: Bool) {
        guard case .responding = state else { return }
        if last { shut(.closed) } else { state = .idle }
    }

    /// A deadline of the client's has passed while its request was incomplete.
    mutating func timedOut(_ reason: String) -> Action {
        refuse(.requestTimeout, reason)
    }

    /// The connection has gone, or is about to.
    mutating func closed() {
        shut(.closed)
    }

    private mutating func begin(_ head: HTTPRequestHead) -> Action {
        guard head.uri.utf8.count <= maxTargetLength else {
            return refuse(.uriTooLong, "the request target is longer than \(maxTargetLength) bytes")
        }
        if head.version != .http1_0, head.headers["host"].count != 1 {
            return refuse(.badRequest, "exactly one Host header is needed")
        }
        let path = head.uri.prefix { $0 != "?" }
        guard PercentEncoding.decode(path) != nil else {
            return refuse(.badRequest, "the path has a malformed percent escape")
        }
        let declared = head.headers.first(name: "content-length").flatMap { Int($0) } ?? 0
        if let refusal = refusal(ofBody: declared) { return refusal }
        state = .receiving(head, ByteBuffer())
        guard let expectation = head.headers.first(name: "expect") else { return .awaitBody(sendContinue: false) }
        guard expectation.lowercased() == "100-continue" else {
            return refuse(.expectationFailed, "the expectation \"\(expectation)\" is not supported")
        }
        return .awaitBody(sendContinue: true)
    }

    private mutating func refusal(ofBody count: Int) -> Action? {
        if count > maxBodyBytes { return refuse(.payloadTooLarge, "the body is larger than \(maxBodyBytes) bytes") }
        if let limit = maxAnonymousBodyBytes, count > limit {
            return refuse(.unauthorized, "a body of more than \(limit) bytes needs a client certificate")
        }
        return nil
    }

    private mutating func refuse(_ status: HTTPResponseStatus, _ reason: String) -> Action {
        shut(.lingering)
        return .refuse(status, reason: reason)
    }

    private mutating func shut(_ final: State) {
        state = final
        waiting.removeAll()
        waitingRequests = 0
        waitingBytes = 0
    }

    private mutating func take() -> Input? {
        guard let input = waiting.popFirst() else { return nil }
        switch input {
        case .head: waitingRequests -= 1
        case .body(let bytes): waitingBytes -= bytes.readableBytes
        case .end, .malformed: break
        }
        return input
    }
}
