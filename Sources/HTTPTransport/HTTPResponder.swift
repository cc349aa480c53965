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
}

extension HTTPResponder {
    /// Nothing is at hand.
    public func respondImmediately(to request: HTTPRequest) -> HTTPResponse? {
        nil
    }
}
