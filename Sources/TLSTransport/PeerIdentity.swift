/// Who the other side of a connection is, by the certificates it proved to hold; read once, in the handshake.
public struct PeerIdentity: Hashable, Sendable {
    /// The verified chain: the peer's own certificate first, the trusted one last.
    public let certificateChain: [Certificate]

    /// The protocol chosen by ALPN; nil when there was none.
    public let applicationProtocol: String?

    public let tlsVersion: TLSVersion

    public init(certificateChain: [Certificate], applicationProtocol: String?, tlsVersion: TLSVersion) throws(TLSError)
    {
        guard let leaf = certificateChain.first else {
            throw TLSError(.invalidInput, "a peer's identity needs its certificate")
        }
        self.leaf = leaf
        self.certificateChain = certificateChain
        self.applicationProtocol = applicationProtocol
        self.tlsVersion = tlsVersion
    }

    /// The peer's own certificate.
    public let leaf: Certificate

    /// The user's name in Kubernetes' reading, or the id of a peering's cluster; empty when there is none.
    public var commonName: String { leaf.subject.commonName }

    /// The user's groups in Kubernetes' reading.
    public var organizations: [String] { leaf.subject.organizations }
}
