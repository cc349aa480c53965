import NIOCore
import NIOHTTP1

/// What a request on a client connection waits for.
enum HTTPClientExchange {
    /// The whole response, of at most this many bytes of body.
    case collect(EventLoopPromise<Outcome>, limit: Int)
    /// The head, with a body to iterate.
    case stream(EventLoopPromise<HTTPClientStream>)
    /// A connection that leaves HTTP; the head and a body to iterate where the server answers otherwise.
    case upgrade(HTTPClientUpgrade)

    /// A collected response and whether its connection can take another request.
    struct Outcome: Sendable {
        let response: HTTPClientResponse
        let isReusable: Bool
    }

    /// How an exchange failed, and what the server can have seen of it.
    struct Failure: Error {
        /// What is known about the request's fate.
        enum Fate {
            /// It was not sent: it may be sent again whatever it is.
            case notSent
            /// It was sent and the connection closed without an answer: it may be sent again if that is harmless.
            case unanswered
            /// Sending it again would not help.
            case settled
        }

        let error: HTTPTransportError
        let fate: Fate
    }

    func fail(_ error: HTTPTransportError, _ fate: Failure.Fate) {
        let failure = Failure(error: error, fate: fate)
        switch self {
        case .collect(let promise, _): promise.fail(failure)
        case .stream(let promise): promise.fail(failure)
        case .upgrade(let upgrade): upgrade.fail(failure)
        }
    }
}
