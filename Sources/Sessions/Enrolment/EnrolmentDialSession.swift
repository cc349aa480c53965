public import Wire

/// The dialler's side of an enrolment: one question, one answer.
///
/// The pin was checked by TLS before ``start()``; the token is not sent to anybody else.
///
/// | state | event | action, next state |
/// |---|---|---|
/// | idle | start | send enroll, waiting |
/// | waiting | enrolled | complete, over |
/// | waiting | error | fail, over |
/// | waiting | any other message | fail (protocol), over |
/// | waiting | connection lost, deadline | fail, over |
/// | over | anything | nothing |
public struct EnrolmentDialSession: Sendable {
    public enum Action: Sendable, Hashable {
        case send(Message)
        /// The end: keep the answer, close the connection.
        case complete(EnrolledMessage)
        /// The end: close the connection.
        case fail(PeerSessionEnd)
        case none
    }

    private enum State: Sendable {
        case idle(EnrollMessage)
        case waiting
        case over
    }

    private var state: State

    public init(_ request: EnrollMessage) { state = .idle(request) }

    public mutating func start() -> Action {
        guard case .idle(let request) = state else {
            preconditionFailure("an enrolment starts once")
        }
        state = .waiting
        return .send(.enroll(request))
    }

    public mutating func received(_ message: Message) -> Action {
        guard case .waiting = state else { return .none }
        state = .over
        switch message {
        case .enrolled(let answer):
            return .complete(answer)
        case .error(let error):
            return .fail(.refusedByPeer(error))
        case .hello, .enroll, .renew, .renewed, .advertise, .ping, .pong, .digest, .desired, .observed, .acknowledge,
            .streamOpen, .streamOpened, .streamRefused, .streamWindow, .streamClose, .goodbye, .unsupported, .unknown:
            return .fail(.violation("\(message) came where the answer to an enrolment was expected"))
        }
    }

    /// The connection ended, or the time is over.
    public mutating func lost(_ reason: PeerSessionEnd) -> Action {
        if case .over = state { return .none }
        state = .over
        return .fail(reason)
    }
}
