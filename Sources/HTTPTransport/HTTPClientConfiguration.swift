/// The deadlines and limits of a client.
public struct HTTPClientConfiguration: Sendable {
    /// From the first attempt to connect to the end of the TLS handshake. 10 s is several retransmissions on a bad link.
    public var connectTimeout: Duration = .seconds(10)
    /// From the sending of a request to the head of its response. API servers answer within a second or are in trouble;
    /// 30 s outlasts a slow webhook behind one.
    public var responseTimeout: Duration = .seconds(30)
    /// From the sending of a request to the end of its collected response.
    public var requestTimeout: Duration = .seconds(60)
    /// Largest response body that is collected, in bytes: 64 MiB holds a page of 500 of the largest objects.
    public var maxBodyBytes = 64 * 1024 * 1024
    /// Most bytes of header names and values in one response.
    public var maxHeaderBytes = 256 * 1024
    /// Most pooled connections to the endpoint; further requests wait in order. Streams are not counted.
    public var maxConnections = 32
    /// The HTTP proxy that connections with TLS go through (`CONNECT`), spoken to without TLS; nil for none.
    public var proxy: HTTPEndpoint?
    /// What that proxy is sent as `Proxy-Authorization`, such as `Basic` with a user and password; nil sends none. A secret.
    public var proxyAuthorization: String?
    /// How long an unused connection is kept.
    public var idleTimeout: Duration = .seconds(60)

    /// The defaults.
    public init() {}
}
