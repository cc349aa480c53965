public import TLSTransport

/// A cluster's authority over the peerings that it takes: what issues its peers' certificates, and what it shows itself.
public struct PeeringAuthority: Sendable {
    /// Issues; its public key is what tokens pin.
    public var authority: CertificateAuthority
    /// Made with `CertificateProfile.peerServer`; its chain ends with the authority's certificate.
    public var identity: Identity

    /// With an identity made before; whether the two belong together is the caller's to know.
    public init(authority: CertificateAuthority, identity: Identity) {
        self.authority = authority
        self.identity = identity
    }

    /// With an identity made now.
    ///
    /// - Parameter now: seconds since 1970.
    public init(authority: CertificateAuthority, clusterID: String, now: Int) throws(TLSError) {
        self.authority = authority
        identity = try authority.makeIdentity(.peerServer(clusterID: clusterID), now: Int64(now))
    }
}
