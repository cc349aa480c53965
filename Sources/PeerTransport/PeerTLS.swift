import NIOCore
public import TLSTransport
import Wire

/// The TLS contexts of peerings: TLS 1.3, the peering's application protocol, identities by cluster id.
///
/// A cluster's id is the common name of its certificate. The whole certificate must be what its profile says; names, uses or
/// organizations beyond it refuse the connection.
public enum PeerTLS {
    /// For a listener: client certificates are optional, since an enrolment has none yet.
    ///
    /// - Parameters:
    ///   - identity: made with `CertificateProfile.peerServer`; its chain ends with the authority, which diallers pin.
    ///   - authorities: that issue the diallers' certificates; two while one takes over from the other.
    ///   - isRevoked: asked in each handshake, on an event loop; must not block.
    public static func listener(
        identity: Identity, authorities: [Certificate], handshakeTimeout: Duration = .seconds(10),
        isRevoked: @escaping @Sendable (Certificate) -> Bool
    ) throws(TLSError) -> TLSContext {
        var configuration = TLSConfiguration.server(
            identity: identity, clientAuthentication: .optional, trust: .certificates(authorities),
            alpn: [ProtocolVersion.applicationProtocol])
        configuration.requiresApplicationProtocol = true
        configuration.handshakeTimeout = TimeAmount(handshakeTimeout)
        configuration.verify = { peer in
            guard CertificateProfile.peerClient(clusterID: peer.commonName).describes(peer.leaf) else {
                return TLSRefusal(.rejected, "\(peer.leaf) is not the certificate of a dialling peer")
            }
            guard !isRevoked(peer.leaf) else { return TLSRefusal(.revoked, "\(peer.leaf) was revoked") }
            return nil
        }
        return try TLSContext(configuration)
    }

    /// For a dialler that has its certificate.
    ///
    /// - Parameters:
    ///   - identity: what the enrolment, or a renewal, gave.
    ///   - authorities: of the listener.
    ///   - peerClusterID: the only cluster that may answer.
    public static func dialler(
        identity: Identity, authorities: [Certificate], peerClusterID: String,
        handshakeTimeout: Duration = .seconds(10)
    ) throws(TLSError) -> TLSContext {
        try client(
            identity: identity, trust: .certificates(authorities), peerClusterID: peerClusterID,
            timeout: handshakeTimeout)
    }

    /// For an enrolment: the listener is known by the pin of its authority.
    ///
    /// - Parameter peerClusterID: the only cluster that may answer; `nil` takes the pin's word for it.
    public static func enrolment(
        authorityPin: [UInt8], peerClusterID: String?, handshakeTimeout: Duration = .seconds(10)
    ) throws(TLSError) -> TLSContext {
        try client(
            identity: nil, trust: .pinnedAuthority(subjectPublicKeyInfoSHA256: authorityPin),
            peerClusterID: peerClusterID, timeout: handshakeTimeout)
    }

    private static func client(
        identity: Identity?, trust: TLSTrust, peerClusterID: String?, timeout: Duration
    ) throws(TLSError) -> TLSContext {
        var configuration = TLSConfiguration.client(
            trust: trust, serverName: nil, identity: identity, alpn: [ProtocolVersion.applicationProtocol])
        configuration.requiresApplicationProtocol = true
        configuration.handshakeTimeout = TimeAmount(timeout)
        configuration.verify = { peer in
            guard CertificateProfile.peerServer(clusterID: peer.commonName).describes(peer.leaf) else {
                return TLSRefusal(.rejected, "\(peer.leaf) is not the certificate of a listening peer")
            }
            guard peerClusterID == nil || peerClusterID == peer.commonName else {
                return TLSRefusal(
                    .rejected, "cluster \(peer.commonName) answers where \(peerClusterID ?? "") was expected")
            }
            return nil
        }
        return try TLSContext(configuration)
    }
}
