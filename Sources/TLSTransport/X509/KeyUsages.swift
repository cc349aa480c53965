/// What a certificate's key may do, by its key usage and extended key usage extensions (RFC 5280, section 4.2.1).
public struct KeyUsages: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Sign handshakes.
    public static let digitalSignature = KeyUsages(rawValue: 1 << 0)
    /// Decrypt keys sent to it (RSA only).
    public static let keyEncipherment = KeyUsages(rawValue: 1 << 1)
    /// Issue certificates.
    public static let certificateSigning = KeyUsages(rawValue: 1 << 2)
    /// Sign revocation lists.
    public static let revocationListSigning = KeyUsages(rawValue: 1 << 3)
    /// Be the server of a TLS connection (extended usage).
    public static let server = KeyUsages(rawValue: 1 << 4)
    /// Be the client of a TLS connection (extended usage).
    public static let client = KeyUsages(rawValue: 1 << 5)
    /// Any other usage, extended or not.
    public static let other = KeyUsages(rawValue: 1 << 6)
}
