public import NIOCore
public import NIOHTTP1
public import TLSTransport

/// One complete request as a responder sees it: head and body have arrived and are within the server's limits.
public struct HTTPRequest: Sendable {
    /// The request's method.
    public let method: HTTPMethod
    /// The request target exactly as sent, with its query.
    public let target: String
    /// The target without its query, still percent-encoded, for example `/api/v1/pods`.
    public let path: String
    /// The raw query without its `?`; nil if the target has none.
    public let rawQuery: Substring?
    /// The headers as sent.
    public let headers: HTTPHeaders
    /// The body; empty if the request has none.
    public let body: ByteBuffer
    /// The address of the other end of the connection; nil if the socket has gone already.
    public let remoteAddress: SocketAddress?
    /// Who the client is by its certificate; nil without one.
    public let peer: PeerIdentity?

    /// Makes a request, also for tests of responders.
    public init(
        method: HTTPMethod,
        target: String,
        headers: HTTPHeaders = [:],
        body: ByteBuffer = ByteBuffer(),
        remoteAddress: SocketAddress? = nil,
        peer: PeerIdentity? = nil
    ) {
        self.method = method
        self.target = target
        if let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) {
            self.path = String(target[..<mark])
            self.rawQuery = target[target.utf8.index(after: mark)...]
        } else {
            self.path = target
            self.rawQuery = nil
        }
        self.headers = headers
        self.body = body
        self.remoteAddress = remoteAddress
        self.peer = peer
    }

    /// The path split at `/`, each segment percent-decoded; the empty segment before the leading slash is left out.
    ///
    /// `/api/v1/namespaces/a%2Fb` gives `["api", "v1", "namespaces", "a/b"]`; a trailing slash gives a last empty
    /// segment. The server has refused undecodable paths before a responder sees them. Computed on each call.
    public var pathSegments: [String] {
        var segments = path.split(separator: "/", omittingEmptySubsequences: false)
        if segments.first?.isEmpty == true { segments.removeFirst() }
        return segments.map { PercentEncoding.decode($0) ?? String($0) }
    }

    /// The query, decoded. Computed on each call: keep the value when reading several items.
    public var query: HTTPQuery {
        HTTPQuery(rawQuery ?? "")
    }
}
