public import TLSTransport

/// A cluster's authority over the peerings that it takes: what issues its peers' certificates, and what it shows itself.
///
/// One authority takes over from another in two steps, with both trusted all the time:
///
/// | | shows, and tokens pin | issues | takes certificates of | diallers are told to trust |
/// |---|---|---|---|---|
/// | before | the old | the old | the old | the old |
/// | with a ``successor`` | the old | the new | both | both |
/// | with a ``predecessor`` | the new | the new | both | the new |
///
/// Between the steps every peer has to connect once: it is given its new certificate then.
public struct PeeringAuthority: Sendable {
    /// What this cluster's own certificate comes from; its public key is what tokens pin.
    public var authority: CertificateAuthority
    /// What takes over from it and issues the peers' certificates already; `nil` where nothing does.
    public var successor: CertificateAuthority?
    /// What it has taken over from; `nil` where it has not, or where no certificate of that one can be good any more.
    public var predecessor: Certificate?
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
    public init(
        authority: CertificateAuthority, successor: CertificateAuthority? = nil, predecessor: Certificate? = nil,
        clusterID: String, now: Int
    ) throws(TLSError) {
        self.authority = authority
        self.successor = successor
        self.predecessor = predecessor
        identity = try authority.makeIdentity(.peerServer(clusterID: clusterID), now: Int64(now))
    }

    /// What issues the certificates of peers.
    var issuer: CertificateAuthority { successor ?? authority }

    /// Whose certificates peers may show.
    var trusted: [Certificate] {
        [authority.certificate] + [successor?.certificate, predecessor].compactMap { $0 }
    }

    /// What peers that dial are to trust, the one that is shown first, as PEM.
    var announced: String { authority.certificate.pem + (successor?.certificate.pem ?? "") }
}
