/// Base 64 with padding (RFC 4648, section 4), as in PEM, Secrets and kubeconfig files.
public enum Base64 {
    /// Four characters per three bytes, padded with `=`, without line breaks.
    public static func encode(_ bytes: some Sequence<UInt8>) -> String {
        Base64Alphabet.standard.encode(bytes, padded: true)
    }

    /// The bytes of a padded text; nil for a foreign character, wrong padding or bits that no encoder writes.
    public static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let count = text.utf8.count
        guard count.isMultiple(of: 4) else { return nil }
        var digits = Substring(text)
        var padding = 0
        while padding < 2, digits.utf8.last == UInt8(ascii: "=") {
            digits = Substring(digits.utf8.dropLast())
            padding += 1
        }
        guard padding == 0 || digits.utf8.count % 4 == 4 - padding else { return nil }
        return Base64Alphabet.standard.decode(digits)
    }
}
