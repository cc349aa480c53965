import COpenSSL
import Digests

/// An X.509 certificate, with what Causeway reads from it taken out once.
///
/// Being one says nothing about trust: a value may hold any well-formed certificate.
public struct Certificate: Sendable {
    /// The longest PEM or DER text that is read, in bytes: room for a bundle of many authorities.
    public static let maximumLength = 1024 * 1024

    /// The most certificates that one PEM text may hold; a system's bundle has about 150.
    public static let maximumChainCount = 512

    let handle: CertificateHandle
    private let fields: CertificateFields

    /// Its DER encoding.
    public let der: [UInt8]

    init(handle: CertificateHandle) throws(TLSError) {
        self.handle = handle
        fields = try CertificateFields(reading: handle)
        var encoded: UnsafeMutablePointer<UInt8>?
        let count = i2d_X509(handle.pointer, &encoded)
        guard count > 0, let encoded else { throw OpenSSLErrors.unexpected("encode a certificate") }
        defer { CRYPTO_free(encoded, #file, #line) }
        der = Array(UnsafeBufferPointer(start: encoded, count: Int(count)))
    }

    /// Wraps a certificate that something else owns, by a reference of its own.
    init(retaining pointer: OpaquePointer) throws(TLSError) {
        X509_up_ref(pointer)
        try self.init(handle: CertificateHandle(owning: pointer))
    }

    public var subject: DistinguishedName { fields.subject }
    public var issuer: DistinguishedName { fields.issuer }

    /// The serial number in lower-case hexadecimal, without leading zero bytes.
    public var serialNumber: String { fields.serialNumber }

    /// The first second of its validity, in seconds since 1970.
    public var notBefore: Int64 { fields.notBefore }

    /// The last second of its validity, in seconds since 1970.
    public var notAfter: Int64 { fields.notAfter }

    public var publicKey: PublicKey { fields.publicKey }

    /// The SHA-256 of the DER SubjectPublicKeyInfo, 32 bytes: what a pin holds.
    public var subjectPublicKeyInfoSHA256: [UInt8] { fields.publicKey.subjectPublicKeyInfoSHA256 }

    /// The SHA-256 of ``der``, 32 bytes.
    public var fingerprint: [UInt8] { Digests.SHA256.hash(der) }

    /// The DNS names it is made out to, as written.
    public var dnsNames: [String] { fields.names.dnsNames }

    /// The IP addresses it is made out to, in their usual text form.
    public var ipAddresses: [String] { fields.names.ipAddresses }

    /// The URIs it is made out to.
    public var uris: [String] { fields.names.uris }

    /// Whether it holds names of a kind that Causeway does not read (mail addresses, directory names, …).
    public var hasOtherNames: Bool { fields.names.hasOthers }

    /// Whether it may issue certificates by its basic constraints.
    public var isCA: Bool { fields.isCA }

    public var keyUsages: KeyUsages { fields.keyUsages }

    /// Whether it is signed by its own key, the signature checked.
    public var isSelfSigned: Bool { X509_self_signed(handle.pointer, 1) == 1 }
}

extension Certificate: Hashable {
    public static func == (one: Certificate, other: Certificate) -> Bool { one.der == other.der }

    public func hash(into hasher: inout Hasher) { hasher.combine(der) }
}

extension Certificate: CustomStringConvertible {
    public var description: String { "certificate \(serialNumber) of \(subject)" }
}
