public import HTTPTransport
public import TLSTransport

/// Everything that is needed to talk to one cluster's API server.
public struct ClusterConnection: Sendable {
    /// The name of the context or whatever else tells this cluster from others in messages.
    public var name: String
    /// The API server.
    public var endpoint: HTTPEndpoint
    /// Whom to believe and who to be; nil for plain HTTP to loopback.
    public var tls: TLSConfiguration?
    /// Where the authorities stand that ``tls`` believes, for files that are renewed; nil where they cannot change.
    public var authority: AuthorityFile?
    /// What goes into the `Authorization` header; nil sends none.
    public var token: BearerToken?
    /// Where credentials come from that change while the program runs: in place of ``token`` and of the identity in ``tls``.
    public var credentials: (any CredentialSource)?
    /// The HTTP proxy between; nil for none.
    public var proxy: HTTPEndpoint?
    /// `USER:PASSWORD` for that proxy; nil where it asks for none. A secret.
    public var proxyCredentials: String?
    /// The namespace to use where none is given.
    public var namespace: String

    /// Makes a connection of its parts.
    public init(
        name: String, endpoint: HTTPEndpoint, tls: TLSConfiguration?, token: BearerToken? = nil,
        namespace: String = "default"
    ) {
        self.name = name
        self.endpoint = endpoint
        self.tls = tls
        self.token = token
        self.namespace = namespace
    }
}
