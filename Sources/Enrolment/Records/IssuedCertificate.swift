import JSONTree

/// What is remembered of a certificate that was issued to a peer.
public struct IssuedCertificate: Sendable, Hashable {
    /// The SHA-256 of the certificate, in lower-case hexadecimal.
    public var fingerprint: String
    /// The SHA-256 of its public key: which certificates are one holder's.
    public var keyHash: String
    /// Its last second, in seconds since 1970; it need not be remembered longer.
    public var notAfter: Int

    public init(fingerprint: String, keyHash: String, notAfter: Int) {
        self.fingerprint = fingerprint
        self.keyHash = keyHash
        self.notAfter = notAfter
    }

    init(fields: JSONFields) throws(JSONError) {
        fingerprint = try fields.string("fingerprint", limit: 64)
        keyHash = try fields.string("keyHash", limit: 64)
        notAfter = try fields.int("notAfter")
    }

    var json: JSON {
        ["fingerprint": .string(fingerprint), "keyHash": .string(keyHash), "notAfter": JSON(notAfter)]
    }
}
