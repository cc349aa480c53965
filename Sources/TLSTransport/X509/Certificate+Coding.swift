import COpenSSL

extension Certificate {
    /// Reads one certificate; text around its PEM block is skipped.
    ///
    /// - Throws: ``TLSError/Code/invalidInput`` for a text with no certificate, a broken one, or more than one.
    public init(pem: String) throws(TLSError) {
        let certificates = try Self.chain(pem: pem)
        guard let certificate = certificates.first, certificates.count == 1 else {
            throw TLSError(
                .invalidInput, "the text holds \(certificates.count) certificates where one is expected; give one")
        }
        self = certificate
    }

    /// Reads one certificate from its DER encoding.
    ///
    /// - Throws: ``TLSError/Code/invalidInput`` for anything else, bytes after the certificate too.
    public init(der: [UInt8]) throws(TLSError) {
        guard der.count <= Self.maximumLength else { throw Self.tooLong(der.count) }
        OpenSSLErrors.clear()
        let parsed = der.withUnsafeBufferPointer { bytes -> OpaquePointer? in
            var position = bytes.baseAddress
            guard let certificate = d2i_X509(nil, &position, bytes.count) else { return nil }
            guard position == bytes.baseAddress.map({ $0 + bytes.count }) else {
                X509_free(certificate)
                return nil
            }
            return certificate
        }
        guard let parsed else {
            throw TLSError(
                .invalidInput, "the bytes are not one certificate in DER form", cause: OpenSSLErrors.takeText())
        }
        try self.init(handle: CertificateHandle(owning: parsed))
    }

    /// Reads all certificates of a PEM text in their order, at least one; other blocks and text between are skipped.
    ///
    /// - Throws: ``TLSError/Code/invalidInput`` for a text without certificates, with a broken one, longer than
    ///   ``maximumLength`` or with more than ``maximumChainCount``.
    public static func chain(pem: String) throws(TLSError) -> [Certificate] {
        guard pem.utf8.count <= maximumLength else { throw tooLong(pem.utf8.count) }
        let text = try MemoryBIO(Array(pem.utf8))
        var certificates: [Certificate] = []
        while true {
            OpenSSLErrors.clear()
            guard let parsed = PEM_read_bio_X509(text.pointer, nil, { _, _, _, _ in -1 }, nil) else { break }
            certificates.append(try Certificate(handle: CertificateHandle(owning: parsed)))
            guard certificates.count <= maximumChainCount else {
                throw TLSError(
                    .invalidInput, "the text holds more than \(maximumChainCount) certificates; give only those needed")
            }
        }
        let errors = OpenSSLErrors.take()
        let reachedEnd = errors.last.map { $0.library == ERR_LIB_PEM && $0.reason == PEM_R_NO_START_LINE } ?? true
        guard reachedEnd, !certificates.isEmpty else {
            throw TLSError(
                .invalidInput,
                "certificate \(certificates.count + 1) of the text is missing or broken; give certificates in PEM form",
                cause: errors.last?.text)
        }
        return certificates
    }

    /// The certificate as one PEM block.
    public var pem: String { PEMText.encode(der, label: "CERTIFICATE") }

    private static func tooLong(_ count: Int) -> TLSError {
        TLSError(.invalidInput, "\(count) bytes of certificates are more than the \(maximumLength) that are read")
    }
}
