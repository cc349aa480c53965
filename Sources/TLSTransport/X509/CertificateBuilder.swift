import COpenSSL
import Digests

/// Puts a version 3 certificate together, field by field; used by ``CertificateAuthority`` only.
struct CertificateBuilder: ~Copyable {
    /// The bytes of a serial number: 128 random bits.
    private static let serialByteCount = 16

    private let certificate: OpaquePointer

    init() throws(TLSError) {
        OpenSSLErrors.clear()
        guard let certificate = X509_new() else { throw OpenSSLErrors.unexpected("make a certificate") }
        self.certificate = certificate
    }

    deinit { X509_free(certificate) }

    mutating func set(
        subject: DistinguishedName, issuer: DistinguishedName, notBefore: Int64, notAfter: Int64, key: PublicKey
    ) throws(TLSError) {
        let subjectName = try subject.makeOpenSSLName()
        defer { X509_NAME_free(subjectName) }
        let issuerName = try issuer.makeOpenSSLName()
        defer { X509_NAME_free(issuerName) }
        // 2 means version 3.
        guard X509_set_version(certificate, 2) == 1, X509_set_subject_name(certificate, subjectName) == 1,
            X509_set_issuer_name(certificate, issuerName) == 1,
            ASN1_TIME_set(X509_getm_notBefore(certificate), Int(notBefore)) != nil,
            ASN1_TIME_set(X509_getm_notAfter(certificate), Int(notAfter)) != nil,
            X509_set_pubkey(certificate, key.handle.pointer) == 1
        else { throw OpenSSLErrors.unexpected("fill a certificate") }
        try setRandomSerial()
    }

    private func setRandomSerial() throws(TLSError) {
        let bytes: [UInt8]
        do { bytes = try RandomBytes.generate(count: Self.serialByteCount) } catch {
            throw TLSError(.internal, error.description)
        }
        guard let number = BN_bin2bn(bytes, Int32(bytes.count), nil) else {
            throw OpenSSLErrors.unexpected("make a serial number")
        }
        defer { BN_free(number) }
        guard BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nil else {
            throw OpenSSLErrors.unexpected("make a serial number")
        }
    }

    /// An authority for leaf certificates: no authority may stand below it.
    mutating func addAuthorityExtensions() throws(TLSError) {
        try addText(NID_basic_constraints, "critical,CA:TRUE,pathlen:0", issuer: nil)
        try addText(NID_key_usage, "critical,keyCertSign,cRLSign", issuer: nil)
    }

    mutating func addLeafExtensions(_ profile: CertificateProfile) throws(TLSError) {
        try addText(NID_basic_constraints, "critical,CA:FALSE", issuer: nil)
        try addText(NID_key_usage, "critical,digitalSignature", issuer: nil)
        let uses = [(KeyUsages.server, "serverAuth"), (.client, "clientAuth")]
        let words = uses.filter { profile.usages.contains($0.0) }.map(\.1).joined(separator: ",")
        try addText(NID_ext_key_usage, words, issuer: nil)
        var names = SubjectAlternativeNames()
        names.dnsNames = profile.dnsNames
        names.ipAddresses = profile.ipAddresses
        names.uris = profile.uris
        // Built as a structure, never as text: a comma in a name must not become a second name.
        guard let stack = try names.makeOpenSSLNames() else { return }
        defer { GENERAL_NAMES_free(stack) }
        guard X509_add1_ext_i2d(certificate, NID_subject_alt_name, UnsafeMutableRawPointer(stack), 0, 0) == 1 else {
            throw OpenSSLErrors.unexpected("add names to a certificate")
        }
    }

    /// Adds the subject's and the issuer's key identifiers; the issuer is the certificate itself when nil.
    mutating func addKeyIdentifiers(issuer: Certificate?) throws(TLSError) {
        try addText(NID_subject_key_identifier, "hash", issuer: issuer)
        try addText(NID_authority_key_identifier, "keyid:always", issuer: issuer)
    }

    /// Adds an extension from a constant text in the notation of OpenSSL's configuration files.
    private func addText(_ identifier: Int32, _ text: String, issuer: Certificate?) throws(TLSError) {
        var context = X509V3_CTX()
        X509V3_set_ctx(&context, issuer?.handle.pointer ?? certificate, certificate, nil, nil, 0)
        guard let made = X509V3_EXT_conf_nid(nil, &context, identifier, text) else {
            throw OpenSSLErrors.unexpected("make a certificate's extension")
        }
        defer { X509_EXTENSION_free(made) }
        guard X509_add_ext(certificate, made, -1) == 1 else {
            throw OpenSSLErrors.unexpected("add an extension to a certificate")
        }
    }

    /// Signs the certificate and returns it, parsed anew from its encoding.
    consuming func sign(with key: PrivateKey) throws(TLSError) -> Certificate {
        guard X509_sign(certificate, key.handle.pointer, key.signatureDigest) > 0 else {
            throw OpenSSLErrors.unexpected("sign a certificate")
        }
        return try Certificate(retaining: certificate)
    }
}
