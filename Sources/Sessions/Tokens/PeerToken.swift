/// What one operator hands to another so that their clusters may peer: an id, a secret, and the pin of the issuer's authority.
///
/// As text it is one opaque word, base64url of: version (1 byte, now 1), id (8), secret (32), SHA-256 of the issuer
/// authority's SubjectPublicKeyInfo (32). Its description shows the id only.
public struct PeerToken: Sendable, Hashable {
    public static let version: UInt8 = 1
    /// How many random bytes ``make(randomBytes:authorityPin:)`` needs.
    public static let randomByteCount = idLength + secretLength
    static let idLength = 8
    static let secretLength = 32
    static let pinLength = 32
    private static let length = 1 + idLength + secretLength + pinLength

    /// The token's public name: 16 lower-case hexadecimal digits.
    public let id: String
    private let idBytes: [UInt8]
    /// The 256 bits that prove the right to peer. Never logged, never stored by the issuer.
    public let secret: [UInt8]
    /// The SHA-256 of the issuer authority's DER SubjectPublicKeyInfo.
    public let authorityPin: [UInt8]

    private init(idBytes: [UInt8], secret: [UInt8], authorityPin: [UInt8]) {
        self.idBytes = idBytes
        id = Self.hexadecimal(idBytes)
        self.secret = secret
        self.authorityPin = authorityPin
    }

    /// Makes a token of bytes from a cryptographic source.
    ///
    /// - Parameters:
    ///   - randomBytes: exactly ``randomByteCount``.
    ///   - authorityPin: 32 bytes.
    public static func make(randomBytes: [UInt8], authorityPin: [UInt8]) throws(TokenError) -> PeerToken {
        guard randomBytes.count == randomByteCount, authorityPin.count == pinLength else {
            throw TokenError(
                .malformed, "a token is made of \(randomByteCount) random bytes and a pin of \(pinLength) bytes")
        }
        return PeerToken(
            idBytes: Array(randomBytes.prefix(idLength)), secret: Array(randomBytes.dropFirst(idLength)),
            authorityPin: authorityPin)
    }

    /// Reads a token's text; white space around it is ignored.
    public init(parsing text: String) throws(TokenError) {
        let trimmed = text.drop { $0.isWhitespace }
        let word = String(trimmed.prefix { !$0.isWhitespace })
        guard trimmed.dropFirst(word.count).allSatisfy(\.isWhitespace), word.utf8.count <= 256,
            let bytes = Base64Text.decodeURL(word), let version = bytes.first
        else {
            throw TokenError(.malformed, "this is no peer token; copy the whole line that “generate” printed")
        }
        guard version == Self.version else {
            throw TokenError(
                .version, "the token has version \(version), this program knows \(Self.version); upgrade the older side"
            )
        }
        guard bytes.count == Self.length else {
            throw TokenError(.malformed, "the token is incomplete; copy the whole line that “generate” printed")
        }
        self.init(
            idBytes: Array(bytes[1..<9]), secret: Array(bytes[9..<41]), authorityPin: Array(bytes[41..<73]))
    }

    /// The whole token. A secret: for the one printed line, a Secret or a file of mode 0600 only.
    public var text: String { Base64Text.encodeURL([Self.version] + idBytes + secret + authorityPin) }

    /// The secret as an enrolment carries it.
    public var secretText: String { Base64Text.encodeURL(secret) }

    /// Reads the secret of an enrolment; `nil` where it is none.
    public static func secret(fromText text: String) -> [UInt8]? {
        guard let bytes = Base64Text.decodeURL(text), bytes.count == secretLength else { return nil }
        return bytes
    }

    /// Whether a text has the form of a token's id, so that it may be part of an object's name.
    public static func isID(_ text: String) -> Bool {
        text.utf8.count == idLength * 2
            && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

extension PeerToken: CustomStringConvertible, CustomReflectable {
    public var description: String { "token \(id)" }

    /// Without the secret, so that no dump shows it.
    public var customMirror: Mirror { Mirror(self, children: ["id": id]) }
}
