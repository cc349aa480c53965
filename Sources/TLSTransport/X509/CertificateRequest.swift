import COpenSSL

/// A certificate signing request (PKCS #10): a public key, and the proof that its sender holds the private one.
///
/// The name inside is a wish of the sender; ``CertificateAuthority`` never copies it into a certificate.
public struct CertificateRequest: Sendable {
    /// The longest request that is read, in bytes.
    public static let maximumLength = 16 * 1024

    /// Its DER encoding.
    public let der: [UInt8]

    public let subject: DistinguishedName

    /// The key that its holder has proved to own.
    public let publicKey: PublicKey

    /// Makes a request signed by `key`.
    public static func make(key: PrivateKey, commonName: String) throws(TLSError) -> CertificateRequest {
        OpenSSLErrors.clear()
        guard let request = X509_REQ_new() else { throw OpenSSLErrors.unexpected("make a certificate request") }
        defer { X509_REQ_free(request) }
        let name = try DistinguishedName(commonName: commonName).makeOpenSSLName()
        defer { X509_NAME_free(name) }
        guard X509_REQ_set_subject_name(request, name) == 1, X509_REQ_set_pubkey(request, key.handle.pointer) == 1,
            X509_REQ_sign(request, key.handle.pointer, key.signatureDigest) > 0
        else { throw OpenSSLErrors.unexpected("sign a certificate request") }
        return try CertificateRequest(verifying: request)
    }

    /// Reads a request and verifies its own signature.
    ///
    /// - Throws: ``TLSError/Code/invalidInput`` for anything that is not one sound request.
    public init(der: [UInt8]) throws(TLSError) {
        guard der.count <= Self.maximumLength else { throw Self.tooLong(der.count) }
        OpenSSLErrors.clear()
        let parsed = der.withUnsafeBufferPointer { bytes -> OpaquePointer? in
            var position = bytes.baseAddress
            guard let request = d2i_X509_REQ(nil, &position, bytes.count) else { return nil }
            guard position == bytes.baseAddress.map({ $0 + bytes.count }) else {
                X509_REQ_free(request)
                return nil
            }
            return request
        }
        guard let parsed else { throw Self.unreadable() }
        defer { X509_REQ_free(parsed) }
        try self.init(verifying: parsed)
    }

    /// Reads a request from its PEM block and verifies its own signature.
    ///
    /// - Throws: ``TLSError/Code/invalidInput`` for anything that is not one sound request.
    public init(pem: String) throws(TLSError) {
        guard pem.utf8.count <= Self.maximumLength else { throw Self.tooLong(pem.utf8.count) }
        let text = try MemoryBIO(Array(pem.utf8))
        OpenSSLErrors.clear()
        guard let parsed = PEM_read_bio_X509_REQ(text.pointer, nil, { _, _, _, _ in -1 }, nil) else {
            throw Self.unreadable()
        }
        defer { X509_REQ_free(parsed) }
        try self.init(verifying: parsed)
    }

    /// The request as one PEM block.
    public var pem: String { PEMText.encode(der, label: "CERTIFICATE REQUEST") }

    private init(verifying request: OpaquePointer) throws(TLSError) {
        guard let key = X509_REQ_get_pubkey(request), let name = X509_REQ_get_subject_name(request) else {
            throw Self.unreadable()
        }
        publicKey = try PublicKey(handle: KeyHandle(owning: key))
        guard X509_REQ_verify(request, key) == 1 else {
            throw TLSError(
                .invalidInput, "the certificate request is not signed by its own key; make a new one",
                cause: OpenSSLErrors.takeText())
        }
        subject = try DistinguishedName(reading: name)
        var encoded: UnsafeMutablePointer<UInt8>?
        let count = i2d_X509_REQ(request, &encoded)
        guard count > 0, let encoded else { throw OpenSSLErrors.unexpected("encode a certificate request") }
        defer { CRYPTO_free(encoded, #file, #line) }
        der = Array(UnsafeBufferPointer(start: encoded, count: Int(count)))
    }

    private static func unreadable() -> TLSError {
        TLSError(
            .invalidInput, "the text holds no certificate request in PEM or DER form", cause: OpenSSLErrors.takeText())
    }

    private static func tooLong(_ count: Int) -> TLSError {
        TLSError(.invalidInput, "\(count) bytes are more than a certificate request's \(maximumLength)")
    }
}
