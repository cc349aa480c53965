public import OffloadingModel
public import PeerTransport

/// Where and which way a peer is dialled, as its ForeignCluster says.
public struct PeerRoute: Sendable, Hashable {
    public let address: PeerAddress
    public let proxy: ProxyChoice

    /// - Throws: ``CredentialProblem`` naming the field that is wrong.
    public init(_ foreign: ForeignCluster) throws(CredentialProblem) {
        guard let address = PeerAddress(foreign.authURL) else {
            throw CredentialProblem(
                PeeringCondition(
                    .error, "InvalidURL",
                    "spec.foreignAuthUrl: \"\(foreign.authURL)\" is not of the form tls://HOST:PORT; peer again with the other cluster's own command"
                ))
        }
        // It may have a password in it, where it should not: not repeated.
        guard let proxy = ProxyChoice(foreign.proxy) else {
            throw CredentialProblem(
                PeeringCondition(
                    .error, "InvalidProxy",
                    "metadata.annotations[\(Names.proxyAnnotation)] is neither http://HOST:PORT nor direct; a proxy's user and "
                        + "password belong into the daemon's HTTPS_PROXY"))
        }
        self.address = address
        self.proxy = proxy
    }
}
