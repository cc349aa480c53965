import COpenSSL

/// A private key. Never printed: its description says only what it is.
public struct PrivateKey: Sendable {
    /// The longest PEM text that is read, in bytes; an RSA key of 8192 bits has about 6 KiB.
    public static let maximumPEMLength = 32 * 1024

    let handle: KeyHandle

    /// The public half.
    public let publicKey: PublicKey

    init(handle: KeyHandle) throws(TLSError) {
        self.handle = handle
        publicKey = try PublicKey(handle: handle)
    }

    /// Makes a new key on the curve P-256.
    public static func generate() throws(TLSError) -> PrivateKey {
        OpenSSLErrors.clear()
        guard let context = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nil) else {
            throw OpenSSLErrors.unexpected("start making a key")
        }
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1,
            EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1) == 1,
            EVP_PKEY_generate(context, &key) == 1, let key
        else { throw OpenSSLErrors.unexpected("make a key on P-256") }
        return try PrivateKey(handle: KeyHandle(owning: key))
    }

    /// Reads an unencrypted key: ECDSA, Ed25519 or RSA, as PKCS #8 or in its algorithm's own form.
    ///
    /// Text around the PEM block is skipped.
    /// - Throws: ``TLSError/Code/invalidInput`` for a text without such a key, an encrypted key or a weak one.
    public init(pem: String) throws(TLSError) {
        guard pem.utf8.count <= Self.maximumPEMLength else {
            throw TLSError(
                .invalidInput, "the private key is longer than \(Self.maximumPEMLength) bytes; give one PEM key")
        }
        OpenSSLErrors.clear()
        let text = try MemoryBIO(Array(pem.utf8))
        // A pass phrase callback that has none: without it OpenSSL would ask on the terminal.
        guard let key = PEM_read_bio_PrivateKey(text.pointer, nil, { _, _, _, _ in -1 }, nil) else {
            throw TLSError(
                .invalidInput, "the text holds no private key in PEM form, or an encrypted one; give it unencrypted",
                cause: OpenSSLErrors.takeText())
        }
        try self.init(handle: KeyHandle(owning: key))
    }

    /// The key as an unencrypted PKCS #8 PEM text. A secret: write it with ``KeyFile`` only.
    public var pem: String {
        get throws(TLSError) {
            let text = try MemoryBIO()
            guard PEM_write_bio_PKCS8PrivateKey(text.pointer, handle.pointer, nil, nil, 0, nil, nil) == 1 else {
                throw OpenSSLErrors.unexpected("write a private key")
            }
            return text.drainText()
        }
    }

    /// The digest to sign with: none for Ed25519, which has its own, SHA-256 for all others.
    var signatureDigest: OpaquePointer? {
        EVP_PKEY_get_base_id(handle.pointer) == EVP_PKEY_ED25519 ? nil : EVP_sha256()
    }
}

extension PrivateKey: CustomStringConvertible, CustomReflectable {
    public var description: String { "a private key" }

    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
