import COpenSSL

extension DistinguishedName {
    /// The most attributes of a name that are read.
    private static let maximumAttributeCount: Int32 = 64

    /// Reads an `X509_NAME`.
    ///
    /// - Throws: ``TLSError/Code/invalidInput`` for too many attributes or a value that is not text.
    init(reading name: OpaquePointer) throws(TLSError) {
        let count = X509_NAME_entry_count(name)
        guard count <= Self.maximumAttributeCount else {
            throw TLSError(.invalidInput, "the certificate's name has \(count) attributes, more than are read")
        }
        var attributes: [Attribute] = []
        for index in 0..<max(0, count) {
            guard let entry = X509_NAME_get_entry(name, index), let object = X509_NAME_ENTRY_get_object(entry),
                let value = Self.text(X509_NAME_ENTRY_get_data(entry))
            else { throw TLSError(.invalidInput, "attribute \(index + 1) of the certificate's name is not text") }
            attributes.append(Attribute(type: Self.typeName(object), value: value))
        }
        self.init(attributes: attributes)
    }

    /// Makes an `X509_NAME`, which the caller frees.
    func makeOpenSSLName() throws(TLSError) -> OpaquePointer {
        guard let name = X509_NAME_new() else { throw OpenSSLErrors.unexpected("make a name") }
        for attribute in attributes {
            OpenSSLErrors.clear()
            let bytes = Array(attribute.value.utf8)
            guard let count = Int32(exactly: bytes.count), count > 0,
                X509_NAME_add_entry_by_txt(name, attribute.type, MBSTRING_UTF8, bytes, count, -1, 0) == 1
            else {
                X509_NAME_free(name)
                throw TLSError(
                    .invalidInput,
                    "a certificate cannot hold the attribute \(attribute.type) with \(bytes.count) bytes; use 1 to 64",
                    cause: OpenSSLErrors.takeText())
            }
        }
        return name
    }

    private static func text(_ string: UnsafeMutablePointer<ASN1_STRING>?) -> String? {
        guard let string else { return nil }
        var converted: UnsafeMutablePointer<UInt8>?
        let count = ASN1_STRING_to_UTF8(&converted, string)
        guard count >= 0, let converted else { return nil }
        defer { CRYPTO_free(converted, #file, #line) }
        return String(validating: UnsafeBufferPointer(start: converted, count: Int(count)), as: UTF8.self)
    }

    private static func typeName(_ object: OpaquePointer) -> String {
        let identifier = OBJ_obj2nid(object)
        if identifier != NID_undef, let name = OBJ_nid2sn(identifier) { return String(cString: name) }
        var text = [CChar](repeating: 0, count: 128)
        OBJ_obj2txt(&text, Int32(text.count), object, 1)
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
