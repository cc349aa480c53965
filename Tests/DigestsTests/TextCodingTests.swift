import Testing

@testable import Digests

@Suite struct TextCodingTests {
    @Test(
        "base 64 writes what RFC 4648 publishes, and reads it back",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ])
    func base64Vectors(plain: String, text: String) {
        #expect(Base64.encode(plain.utf8) == text)
        #expect(Base64.decode(text) == Array(plain.utf8))
        let unpadded = text.filter { $0 != "=" }
        #expect(Base64URL.encode(plain.utf8) == unpadded)
        #expect(Base64URL.decode(unpadded) == Array(plain.utf8))
    }

    @Test(
        "base 64 that no encoder writes is refused",
        arguments: [
            "Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "=", "Zg==Zg==", "Zm9v\n", "Zm-_", "Zm9\u{e9}", " Zg==",
        ])
    func base64Refused(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test(
        "base 64 for URLs refuses padding, the other alphabet and a lone digit",
        arguments: ["Zg==", "+/", "A", "AAAAA", "Zh"])
    func base64URLRefused(text: String) {
        #expect(Base64URL.decode(text) == nil)
    }

    @Test("every byte survives each coding, at every length up to 67")
    func roundTrips() {
        for count in 0...67 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 73 &+ count) }
            #expect(Base64.decode(Base64.encode(bytes)) == bytes)
            #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
            #expect(Hex.decode(Hex.encode(bytes)) == bytes)
        }
        let all = (0...255).map { UInt8($0) }
        #expect(Base64.decode(Base64.encode(all)) == all)
        #expect(Hex.decode(Hex.encode(all).uppercased()) == all)
    }

    @Test(
        "hexadecimal of odd length or with a foreign character is refused", arguments: ["0", "0g", "0x00", "00 ", "é"])
    func hexRefused(text: String) {
        #expect(Hex.decode(text) == nil)
    }

    @Test("random bytes have the asked length and differ")
    func random() throws {
        #expect(try RandomBytes.generate(count: 0).isEmpty)
        #expect(try RandomBytes.generate(count: -1).isEmpty)
        let one = try RandomBytes.generate(count: 32)
        #expect(one.count == 32)
        #expect(try RandomBytes.generate(count: 32) != one)
    }
}
