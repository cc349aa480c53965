import COpenSSL

/// The names that a certificate is made out to, by their kind (RFC 5280, section 4.2.1.6).
struct SubjectAlternativeNames: Hashable, Sendable {
    var dnsNames: [String] = []
    var ipAddresses: [String] = []
    var uris: [String] = []
    var hasOthers = false

    /// The most names that are read.
    private static let maximumCount: Int32 = 1024

    init() {}

    init(reading certificate: OpaquePointer) throws(TLSError) {
        var position: Int32 = 0
        guard let extensionValue = X509_get_ext_d2i(certificate, NID_subject_alt_name, &position, nil) else {
            guard position == -1 else {
                throw TLSError(.invalidInput, "the certificate's alternative names cannot be read")
            }
            return
        }
        let names = OpaquePointer(extensionValue)
        defer { GENERAL_NAMES_free(names) }
        let count = OPENSSL_sk_num(names)
        guard count <= Self.maximumCount else {
            throw TLSError(.invalidInput, "the certificate has \(count) names, more than the \(Self.maximumCount) read")
        }
        for index in 0..<max(0, count) {
            guard let value = OPENSSL_sk_value(names, index) else { continue }
            try add(value.assumingMemoryBound(to: GENERAL_NAME.self))
        }
    }

    private mutating func add(_ name: UnsafePointer<GENERAL_NAME>) throws(TLSError) {
        var kind: Int32 = 0
        guard let value = GENERAL_NAME_get0_value(name, &kind),
            [GEN_DNS, GEN_URI, GEN_IPADD].contains(kind)
        else {
            hasOthers = true
            return
        }
        let string = value.assumingMemoryBound(to: ASN1_STRING.self)
        let bytes = Array(
            UnsafeBufferPointer(start: ASN1_STRING_get0_data(string), count: Int(ASN1_STRING_length(string))))
        switch kind {
        case GEN_IPADD:
            guard let text = IPAddressText.text(of: bytes) else {
                throw TLSError(.invalidInput, "the certificate has an IP address of \(bytes.count) bytes")
            }
            ipAddresses.append(text)
        default:
            // IA5String: printable ASCII only, so that no embedded zero cuts a name short for somebody else.
            guard bytes.allSatisfy({ (0x20..<0x7f).contains($0) }) else {
                throw TLSError(.invalidInput, "the certificate has a name with characters that names do not have")
            }
            let text = String(decoding: bytes, as: UTF8.self)
            if kind == GEN_DNS { dnsNames.append(text) } else { uris.append(text) }
        }
    }

    /// Makes a `GENERAL_NAMES` stack, which the caller frees; nil when there are no names.
    func makeOpenSSLNames() throws(TLSError) -> OpaquePointer? {
        let entries =
            dnsNames.map { (GEN_DNS, Array($0.utf8)) } + uris.map { (GEN_URI, Array($0.utf8)) }
            + (try ipAddresses.map { text throws(TLSError) in
                guard let bytes = IPAddressText.bytes(of: text) else {
                    throw TLSError(.invalidInput, "“\(text)” is not an IP address; put host names among the DNS names")
                }
                return (GEN_IPADD, bytes)
            })
        guard !entries.isEmpty else { return nil }
        guard let stack = OPENSSL_sk_new_null() else { throw OpenSSLErrors.unexpected("make a list of names") }
        for (kind, bytes) in entries {
            guard kind == GEN_IPADD || (!bytes.isEmpty && bytes.allSatisfy { (0x21..<0x7f).contains($0) }) else {
                GENERAL_NAMES_free(stack)
                throw TLSError(
                    .invalidInput, "“\(String(decoding: bytes, as: UTF8.self))” cannot be a name of a certificate")
            }
            guard let name = Self.makeName(kind, bytes), OPENSSL_sk_push(stack, name) > 0 else {
                GENERAL_NAMES_free(stack)
                throw OpenSSLErrors.unexpected("make a name")
            }
        }
        return stack
    }

    private static func makeName(_ kind: Int32, _ bytes: [UInt8]) -> UnsafeMutablePointer<GENERAL_NAME>? {
        let type = kind == GEN_IPADD ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING
        guard let name = GENERAL_NAME_new(), let value = ASN1_STRING_type_new(type) else { return nil }
        guard ASN1_STRING_set(value, bytes, Int32(bytes.count)) == 1 else { return nil }
        GENERAL_NAME_set0_value(name, kind, value)
        return name
    }
}
