public import OffloadingModel
public import PeerTransport

/// Where and which way a peer is dialled, as its ForeignCluster says.
public struct PeerRoute: Sendable, Hashable {
    public let address: PeerAddress
    public let proxy: ProxyChoice

    /// - Parameter direction: of the peering: as an edge or as a hub a cluster listens at different addresses.
    /// - Throws: ``CredentialProblem`` naming the field that is wrong.
    public init(_ foreign: ForeignCluster, _ direction: PeeringDirection) throws(CredentialProblem) {
        let url = direction == .outgoing ? foreign.authURL : foreign.hubURL
        guard let address = PeerAddress(url) else {
            throw CredentialProblem(
                PeeringCondition(
                    .error, "InvalidURL",
                    "spec.\(direction == .outgoing ? "foreignAuthUrl" : "foreignHubUrl"): \"\(url)\" is not of the form tls://HOST:PORT; peer again with the other cluster's own command"
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
