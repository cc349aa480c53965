public import NIOHTTP1

/// What answers the requests of a server.
public protocol HTTPResponder: Sendable {
    /// Answers on the connection's event loop, without a task, when the answer is at hand.
    ///
    /// Tried first for every request. Must not block: every connection of that event loop waits meanwhile.
    ///
    /// - Returns: the response, or nil to have ``respond(to:)`` called.
    func respondImmediately(to request: HTTPRequest) -> HTTPResponse?

    /// Answers a request, with the connection's event loop as the preferred executor.
    ///
    /// The task is cancelled when the client goes away; what is returned after that is dropped.
    func respond(to request: HTTPRequest) async -> HTTPResponse

    /// What a client is answered that has broken a rule or a limit of the server, before any request was complete.
    ///
    /// - Parameter reason: what was wrong, in words without a full stop.
    /// - Returns: a response of bytes or of nothing, with this status; the connection closes after it.
    func refusal(_ status: HTTPResponseStatus, _ reason: String) -> HTTPResponse
}

extension HTTPResponder {
    /// Nothing is at hand.
    public func respondImmediately(to request: HTTPRequest) -> HTTPResponse? {
        nil
    }

    /// The status and the reason as text.
    public func refusal(_ status: HTTPResponseStatus, _ reason: String) -> HTTPResponse {
        .text(status, "\(status.code) \(status.reasonPhrase): \(reason)\n")
    }
}
