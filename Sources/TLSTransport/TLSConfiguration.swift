public import NIOCore

/// How to be one side of TLS connections; ``TLSContext`` checks it and makes it usable.
///
/// There is no way to switch verification off: a client always verifies the server's chain.
public struct TLSConfiguration: Sendable {
    public enum Role: Hashable, Sendable {
        case client
        case server
    }

    /// What a server asks of its clients.
    public enum ClientAuthentication: Hashable, Sendable {
        /// No certificate is asked for.
        case none
        /// None is fine; one that does not verify refuses the connection.
        case optional
        /// One that verifies, or no connection.
        case required
    }

    public var role: Role

    /// Our certificate and key: required for a server, optional for a client.
    public var identity: Identity?

    /// Whom to believe. A server that asks for no certificates may leave it nil.
    public var trust: TLSTrust?

    /// Read by servers only.
    public var clientAuthentication: ClientAuthentication

    /// Application protocols, the preferred first; empty means that ALPN is not spoken. A server refuses a client whose
    /// list has none of them.
    public var alpn: [String]

    /// Whether a peer that does not speak ALPN at all is refused too. Read only when ``alpn`` is not empty.
    public var requiresApplicationProtocol: Bool

    /// The DNS name or IP address that a client's server must be certified for, and the name it asks for (SNI, DNS names
    /// only). Nil: the chain is verified, names are not.
    public var serverName: String?

    /// The oldest version spoken. 1.3 is the newest there is.
    public var minimumVersion: TLSVersion

    /// The newest version spoken; lower only to be an old peer in a test.
    var maximumVersion = TLSVersion.tls1_3

    /// From the start of the connection to the end of the handshake. The default of 10 s is a few round trips of a bad
    /// link; a peer that needs longer is holding a half-open connection.
    public var handshakeTimeout: TimeAmount

    /// How long to wait, after we said that we close, for the peer to say so too. The default of 1 s keeps the last bytes
    /// from being lost in a reset without letting a silent peer hold the socket.
    public var shutdownTimeout: TimeAmount

    /// The time that certificates are checked against, in seconds since 1970; nil is the system's clock.
    public var verificationTime: (@Sendable () -> Int64)?

    /// A last check of a peer's certificate, for revocation and for names that this module knows nothing of.
    ///
    /// Called in each handshake in which the peer presents a certificate, on the connection's event loop, after the chain
    /// was verified and before anything is passed up; a refusal ends the handshake with the right alert. The peer has not
    /// yet proved that it holds the key (the handshake fails later if it does not), so the check must have no effects. It
    /// must not block.
    public var verify: (@Sendable (PeerIdentity) -> TLSRefusal?)?

    init(role: Role, identity: Identity?, trust: TLSTrust?) {
        self.role = role
        self.identity = identity
        self.trust = trust
        clientAuthentication = .none
        alpn = []
        requiresApplicationProtocol = false
        minimumVersion = .tls1_3
        handshakeTimeout = .seconds(10)
        shutdownTimeout = .seconds(1)
    }

    /// A client that verifies its server against `trust`, and against `serverName` when given.
    public static func client(
        trust: TLSTrust, serverName: String?, identity: Identity? = nil, alpn: [String] = []
    ) -> TLSConfiguration {
        var configuration = TLSConfiguration(role: .client, identity: identity, trust: trust)
        configuration.serverName = serverName
        configuration.alpn = alpn
        return configuration
    }

    /// A server with this identity.
    public static func server(
        identity: Identity, clientAuthentication: ClientAuthentication = .none, trust: TLSTrust? = nil,
        alpn: [String] = []
    ) -> TLSConfiguration {
        var configuration = TLSConfiguration(role: .server, identity: identity, trust: trust)
        configuration.clientAuthentication = clientAuthentication
        configuration.alpn = alpn
        return configuration
    }
}
