/// Base64 (RFC 4648, with padding) as `Secret.data` and other byte fields hold it.
public enum Base64Text {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    public static func encode(_ bytes: some Sequence<UInt8>) -> String {
        let bytes = Array(bytes)
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let rest = bytes.count - start
            let first = UInt32(bytes[start]) << 16
            let second = rest > 1 ? UInt32(bytes[start + 1]) << 8 : 0
            let third = rest > 2 ? UInt32(bytes[start + 2]) : 0
            let group = first | second | third
            text.append(alphabet[Int(group >> 18 & 63)])
            text.append(alphabet[Int(group >> 12 & 63)])
            text.append(rest > 1 ? alphabet[Int(group >> 6 & 63)] : UInt8(ascii: "="))
            text.append(rest > 2 ? alphabet[Int(group & 63)] : UInt8(ascii: "="))
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// - Returns: `nil` where the text is none.
    static func decode(_ text: String) -> [UInt8]? {
        guard text.utf8.count % 4 == 0, firstIllegalByte(text) == nil else { return nil }
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for byte in text.utf8 {
            let value: UInt8
            switch byte {
            case 0x41...0x5A: value = byte - 0x41
            case 0x61...0x7A: value = byte - 0x61 + 26
            case 0x30...0x39: value = byte - 0x30 + 52
            case 0x2B: value = 62
            case 0x2F: value = 63
            default: continue
            }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return bytes
    }

    /// - Returns: the first byte of the text that is wrong; `nil` where the text is base64. Line breaks are skipped, as in Go.
    static func firstIllegalByte(_ text: String) -> Int? {
        let bytes = Array(text.utf8)
        var digits = 0
        var place = 0
        func skipBreaks() { while place < bytes.count, bytes[place] == 0x0A || bytes[place] == 0x0D { place += 1 } }
        while true {
            skipBreaks()
            guard place < bytes.count else { break }
            let byte = bytes[place]
            if byte == UInt8(ascii: "=") {
                // Padding ends the text and completes the last group of four.
                guard digits % 4 >= 2 else { return place }
                let padding = 4 - digits % 4
                for _ in 0..<padding {
                    skipBreaks()
                    guard place < bytes.count else { return bytes.count }
                    guard bytes[place] == UInt8(ascii: "=") else { return place }
                    place += 1
                }
                skipBreaks()
                return place < bytes.count ? place : nil
            }
            guard alphabet.contains(byte) else { return place }
            digits += 1
            place += 1
        }
        return digits % 4 == 0 ? nil : bytes.count
    }
}
