import COpenSSL
import Digests

/// A public key taken from a certificate or a certificate request.
public struct PublicKey: Sendable {
    let handle: KeyHandle

    /// The DER encoding of its SubjectPublicKeyInfo.
    public let subjectPublicKeyInfo: [UInt8]

    /// The SHA-256 of ``subjectPublicKeyInfo``, 32 bytes: what a pin holds.
    public var subjectPublicKeyInfoSHA256: [UInt8] { Digests.SHA256.hash(subjectPublicKeyInfo) }

    /// - Throws: ``TLSError/Code/invalidInput`` when the key is weaker than 112 bits or so large that it is an attack.
    init(handle: KeyHandle) throws(TLSError) {
        let strength = EVP_PKEY_get_security_bits(handle.pointer)
        let size = EVP_PKEY_get_bits(handle.pointer)
        guard strength >= 112, size <= 8192 else {
            throw TLSError(
                .invalidInput, "the public key is too weak or too large (\(size) bits); use ECDSA P-256 or RSA 2048")
        }
        var encoded: UnsafeMutablePointer<UInt8>?
        let count = i2d_PUBKEY(handle.pointer, &encoded)
        guard count > 0, let encoded else { throw OpenSSLErrors.unexpected("encode a public key") }
        defer { CRYPTO_free(encoded, #file, #line) }
        self.handle = handle
        subjectPublicKeyInfo = Array(UnsafeBufferPointer(start: encoded, count: Int(count)))
    }
}

extension PublicKey: Hashable {
    public static func == (one: PublicKey, other: PublicKey) -> Bool {
        one.subjectPublicKeyInfo == other.subjectPublicKeyInfo
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(subjectPublicKeyInfo) }
}
