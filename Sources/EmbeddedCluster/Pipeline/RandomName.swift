/// The random parts of names and identities.
enum RandomName {
    /// Letters and digits without vowels and look-alikes, as Kubernetes picks them (`apimachinery/pkg/util/rand`).
    private static let alphabet = Array("bcdfghjklmnpqrstvwxz2456789")

    /// Five random letters and digits after a prefix, cut so that the name stays within 63 bytes.
    static func generate(prefix: String) -> String {
        var generator = SystemRandomNumberGenerator()
        let suffix = (0..<5).compactMap { _ in alphabet.randomElement(using: &generator) }
        return String(prefix.prefix(58)) + String(suffix)
    }

    /// A random (version 4) UUID.
    static func uid() -> String {
        var generator = SystemRandomNumberGenerator()
        let high = generator.next() & ~0xF000 | 0x4000
        let low = generator.next() & ~(3 << 62) | 2 << 62
        let digits = hex(high) + hex(low)
        var text = ""
        for (place, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(place) { text.append("-") }
            text.append(digit)
        }
        return text
    }

    private static func hex(_ value: UInt64) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }
}
