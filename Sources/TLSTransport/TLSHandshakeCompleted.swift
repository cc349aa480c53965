/// The inbound user event of a finished handshake, fired once per connection before its first bytes.
///
/// To a TLS 1.3 client it does not mean that the server accepted the client's certificate: only the first bytes from the
/// server do. A refusal arrives as a ``TLSError`` of code ``TLSError/Code/refusedByPeer``.
public struct TLSHandshakeCompleted: Hashable, Sendable {
    /// The verified peer; nil for a client without certificate.
    public let peer: PeerIdentity?

    /// The protocol chosen by ALPN; nil when there was none.
    public let applicationProtocol: String?

    public let tlsVersion: TLSVersion

    public init(peer: PeerIdentity?, applicationProtocol: String?, tlsVersion: TLSVersion) {
        self.peer = peer
        self.applicationProtocol = applicationProtocol
        self.tlsVersion = tlsVersion
    }
}
