public import TLSTransport

/// What proves who the client is, at one moment.
public struct ClientCredential: Sendable {
    /// Goes into the `Authorization` header; `nil` sends none.
    public var token: String?
    /// The client's certificate with its key; `nil` shows none.
    public var identity: Identity?
    /// Tells this credential from those before and after it.
    var generation = 0

    public init(token: String? = nil, identity: Identity? = nil) {
        self.token = token
        self.identity = identity
    }
}

/// Credentials that change while the program runs: files that are renewed, programs that are asked.
public protocol CredentialSource: Sendable {
    /// What to show now; asked before each request, so it must come from memory most times.
    ///
    /// - Throws: ``KubeconfigError`` that says what is wrong with the source.
    func current() async throws -> ClientCredential

    /// The server has taken this credential for nobody's: ``current()`` looks anew.
    func refused(_ credential: ClientCredential) async
}
