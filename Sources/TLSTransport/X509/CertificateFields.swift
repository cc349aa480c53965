import COpenSSL
import Digests
import Glibc

/// What Causeway reads from a certificate, read once when it is parsed.
struct CertificateFields: Sendable {
    let subject: DistinguishedName
    let issuer: DistinguishedName
    let serialNumber: String
    let notBefore: Int64
    let notAfter: Int64
    let publicKey: PublicKey
    let names: SubjectAlternativeNames
    let isCA: Bool
    let keyUsages: KeyUsages

    init(reading handle: CertificateHandle) throws(TLSError) {
        OpenSSLErrors.clear()
        let certificate = handle.pointer
        let flags = X509_get_extension_flags(certificate)
        guard flags & UInt32(EXFLAG_INVALID) == 0 else {
            throw TLSError(.invalidInput, "the certificate has broken or repeated extensions; have it issued anew")
        }
        guard let subjectName = X509_get_subject_name(certificate), let issuerName = X509_get_issuer_name(certificate),
            let start = X509_get0_notBefore(certificate), let end = X509_get0_notAfter(certificate),
            let serial = X509_get0_serialNumber(certificate)
        else { throw TLSError(.invalidInput, "the certificate lacks a name, a validity or a serial number") }
        subject = try DistinguishedName(reading: subjectName)
        issuer = try DistinguishedName(reading: issuerName)
        notBefore = try Self.seconds(start)
        notAfter = try Self.seconds(end)
        serialNumber = Hex.encode(
            UnsafeBufferPointer(start: ASN1_STRING_get0_data(serial), count: Int(ASN1_STRING_length(serial))))
        guard let key = X509_get_pubkey(certificate) else {
            throw TLSError(
                .invalidInput, "the certificate's public key cannot be read", cause: OpenSSLErrors.takeText())
        }
        publicKey = try PublicKey(handle: KeyHandle(owning: key))
        names = try SubjectAlternativeNames(reading: certificate)
        isCA = flags & UInt32(EXFLAG_CA) != 0
        keyUsages = Self.usages(of: certificate, flags: flags)
    }

    private static func seconds(_ time: UnsafePointer<ASN1_TIME>) throws(TLSError) -> Int64 {
        var parts = tm()
        guard ASN1_TIME_to_tm(time, &parts) == 1 else {
            throw TLSError(.invalidInput, "the certificate's validity is not a date")
        }
        return Int64(timegm(&parts))
    }

    private static func usages(of certificate: OpaquePointer, flags: UInt32) -> KeyUsages {
        var usages: KeyUsages = []
        func collect(_ bits: UInt32, _ known: [(Int32, KeyUsages)]) {
            var rest = bits
            for (bit, usage) in known where bits & UInt32(bit) != 0 {
                usages.insert(usage)
                rest &= ~UInt32(bit)
            }
            if rest != 0 { usages.insert(.other) }
        }
        if flags & UInt32(EXFLAG_KUSAGE) != 0 {
            collect(
                X509_get_key_usage(certificate),
                [
                    (KU_DIGITAL_SIGNATURE, .digitalSignature), (KU_KEY_ENCIPHERMENT, .keyEncipherment),
                    (KU_KEY_CERT_SIGN, .certificateSigning), (KU_CRL_SIGN, .revocationListSigning),
                ])
        }
        if flags & UInt32(EXFLAG_XKUSAGE) != 0 { usages.formUnion(extendedUsages(of: certificate)) }
        return usages
    }

    /// Read use by use: OpenSSL's own summary leaves out those that it does not know.
    private static func extendedUsages(of certificate: OpaquePointer) -> KeyUsages {
        guard let value = X509_get_ext_d2i(certificate, NID_ext_key_usage, nil, nil) else { return .other }
        let uses = OpaquePointer(value)
        defer { EXTENDED_KEY_USAGE_free(uses) }
        var usages: KeyUsages = []
        for index in 0..<max(0, OPENSSL_sk_num(uses)) {
            switch OBJ_obj2nid(OPENSSL_sk_value(uses, index).map { OpaquePointer($0) }) {
            case NID_server_auth: usages.insert(.server)
            case NID_client_auth: usages.insert(.client)
            default: usages.insert(.other)
            }
        }
        return usages
    }
}
