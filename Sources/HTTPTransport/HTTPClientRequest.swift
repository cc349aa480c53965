public import NIOCore
public import NIOHTTP1

/// One request to the client's endpoint.
public struct HTTPClientRequest: Sendable {
    /// The method.
    public var method: HTTPMethod
    /// Path and query as they go on the wire, percent-encoded, beginning with `/`. The endpoint's base path is put before it.
    public var target: String
    /// Headers without `Host` and framing, which the client writes.
    public var headers: HTTPHeaders
    /// The body; nil sends none.
    public var body: ByteBuffer?
    /// Replaces the configuration's `requestTimeout` (collected responses only).
    public var timeout: Duration?

    /// Makes a request.
    public init(
        _ method: HTTPMethod, _ target: String, headers: HTTPHeaders = [:], body: ByteBuffer? = nil,
        timeout: Duration? = nil
    ) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.timeout = timeout
    }

    /// Whether sending it twice does no more than sending it once (RFC 9110, section 9.2.2).
    var isIdempotent: Bool {
        switch method {
        case .GET, .HEAD, .OPTIONS, .TRACE, .PUT, .DELETE: true
        default: false
        }
    }
}
