public import Wire

/// The listener's side of an enrolment, for a connection without a client certificate.
///
/// | state | event | action, next state |
/// |---|---|---|
/// | waiting | enroll | decide, deciding |
/// | waiting | any other message | refuse (certificate-required), over |
/// | deciding | decided | answer, over |
/// | deciding | any message | refuse (protocol), over |
/// | any | connection lost | nothing, over |
/// | over | anything | nothing |
public struct EnrolmentListenSession: Sendable {
    public enum Action: Sendable, Hashable {
        /// Verify the token and issue the certificate; call ``decided(_:)`` with the outcome.
        case decide(EnrollMessage)
        /// Send this and close the connection.
        case answer(Message)
        case none
    }

    private enum State: Sendable {
        case waiting
        case deciding
        case over
    }

    private var state = State.waiting

    public init() {}

    public mutating func received(_ message: Message) -> Action {
        switch state {
        case .waiting:
            guard case .enroll(let request) = message else {
                state = .over
                return .answer(
                    .error(
                        ErrorMessage(
                            code: .certificateRequired,
                            message:
                                "without a client certificate only an enrolment is possible; peer with a token first")))
            }
            state = .deciding
            return .decide(request)
        case .deciding:
            state = .over
            return .answer(
                .error(ErrorMessage(code: .protocolViolation, message: "one enrolment has one request")))
        case .over:
            return .none
        }
    }

    /// - Parameter answer: `Message.enrolled` or `Message.error`.
    public mutating func decided(_ answer: Message) -> Action {
        guard case .deciding = state else { return .none }
        state = .over
        return .answer(answer)
    }

    public mutating func lost() { state = .over }
}
