/// Who we are on a connection: a certificate with those above it, and the key of the first.
public struct Identity: Sendable {
    /// The leaf first, then its issuers. A server whose authority is pinned by its clients sends the authority too.
    public let chain: [Certificate]

    public let privateKey: PrivateKey

    /// - Throws: ``TLSError/Code/invalidInput`` when the chain is empty or longer than 10, or the key is another's.
    public init(chain: [Certificate], privateKey: PrivateKey) throws(TLSError) {
        guard let leaf = chain.first, chain.count <= 10 else {
            throw TLSError(.invalidInput, "an identity needs 1 to 10 certificates and has \(chain.count)")
        }
        guard leaf.publicKey == privateKey.publicKey else {
            throw TLSError(.invalidInput, "the key is not that of \(leaf); give the pair that was made together")
        }
        self.chain = chain
        self.privateKey = privateKey
    }

    /// Reads the certificates, leaf first, and the key from PEM texts.
    public init(certificatesPEM: String, privateKeyPEM: String) throws(TLSError) {
        try self.init(
            chain: try Certificate.chain(pem: certificatesPEM), privateKey: try PrivateKey(pem: privateKeyPEM))
    }

    /// The certificate of the holder.
    public var leaf: Certificate { chain[0] }

    /// All certificates as PEM, leaf first.
    public var certificatesPEM: String { chain.map(\.pem).joined() }

    /// The time from which on the identity should be renewed, in seconds since 1970: at two thirds of its life.
    public var renewalTime: Int64 { leaf.notBefore + (leaf.notAfter - leaf.notBefore) / 3 * 2 }
}
