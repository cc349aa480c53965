/// Base 64 for URLs and file names, without padding (RFC 4648, section 5), as in tokens.
public enum Base64URL {
    /// The text of `bytes`, of letters, digits, `-` and `_` only.
    public static func encode(_ bytes: some Sequence<UInt8>) -> String {
        Base64Alphabet.url.encode(bytes, padded: false)
    }

    /// The bytes of an unpadded text; nil for a foreign character, padding or bits that no encoder writes.
    public static func decode(_ text: some StringProtocol) -> [UInt8]? {
        Base64Alphabet.url.decode(Substring(text))
    }
}
