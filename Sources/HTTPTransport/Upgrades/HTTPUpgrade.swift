public import NIOHTTP1

/// The answer to a request that asks for another protocol on its connection, other than WebSockets (RFC 9110, section 7.8).
public struct HTTPUpgrade: Sendable {
    private let name: String
    private let headers: HTTPHeaders
    let run: @Sendable (ByteConnection) async throws -> Void

    /// Whether a request asks for a protocol, such as `SPDY/3.1`.
    public static func isAsked(_ name: String, by request: HTTPRequest) -> Bool {
        request.headers[canonicalForm: "upgrade"].contains { $0.lowercased() == name.lowercased() }
            && request.headers[canonicalForm: "connection"].contains { $0.lowercased() == "upgrade" }
    }

    /// Accepts a request for it.
    ///
    /// - Parameters:
    ///   - headers: what the answer says besides the protocol's name.
    ///   - run: talks to the client. When it returns, the client has a moment to close the connection; when it throws, the
    ///     connection is cut. Its task is cancelled when the connection closes.
    public init(
        to name: String, headers: HTTPHeaders = [:], _ run: @escaping @Sendable (ByteConnection) async throws -> Void
    ) {
        self.name = name
        self.headers = headers
        self.run = run
    }

    /// As a response, status 101.
    public var response: HTTPResponse {
        var headers = self.headers
        headers.replaceOrAdd(name: "Upgrade", value: name)
        return HTTPResponse(status: .switchingProtocols, headers: headers, body: .upgraded(self))
    }
}
