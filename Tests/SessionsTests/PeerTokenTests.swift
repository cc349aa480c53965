import Sessions
import Testing

struct PeerTokenTests {
    static let pin = [UInt8](100..<132)

    static func token(_ seed: UInt64 = 1) throws -> PeerToken {
        var generator = SplitMix(seed: seed)
        let bytes = (0..<PeerToken.randomByteCount).map { _ in UInt8.random(in: 0...255, using: &generator) }
        return try PeerToken.make(randomBytes: bytes, authorityPin: pin)
    }

    @Test("a token is one word that reads back")
    func roundTrip() throws {
        let token = try Self.token()
        #expect(token.text.utf8.count == 98)
        #expect(token.text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") })
        #expect(try PeerToken(parsing: token.text) == token)
        #expect(try PeerToken(parsing: "  \(token.text)\n") == token)
        #expect(token.authorityPin == Self.pin)
        #expect(PeerToken.isID(token.id))
        #expect(PeerToken.secret(fromText: token.secretText) == token.secret)
    }

    @Test("a token altered at any character is no token or another one")
    func altered() throws {
        let token = try Self.token()
        let text = Array(token.text.utf8)
        for place in text.indices {
            for replacement in [UInt8(ascii: "A"), UInt8(ascii: "z"), UInt8(ascii: "="), UInt8(ascii: " "), 0xff]
            where replacement != text[place] {
                var altered = text
                altered[place] = replacement
                guard let read = try? PeerToken(parsing: String(decoding: altered, as: UTF8.self)) else { continue }
                // White space may cut nothing off but itself.
                #expect(read != token)
                #expect(read.id != token.id || read.secret != token.secret || read.authorityPin != token.authorityPin)
            }
        }
    }

    @Test("a token that is cut short or prolonged is none")
    func truncated() throws {
        let text = try Self.token().text
        for count in 0..<text.count {
            #expect(throws: TokenError.self) { try PeerToken(parsing: String(text.prefix(count))) }
        }
        for suffix in ["A", "AA", "AAAA", "=", " A", String(repeating: "A", count: 1000)] {
            #expect(throws: TokenError.self) { try PeerToken(parsing: text + suffix) }
        }
    }

    @Test("a token of another version is refused with what to upgrade")
    func version() throws {
        let error = #expect(throws: TokenError.self) {
            try PeerToken(parsing: "Ag" + String(repeating: "A", count: 96))
        }
        #expect(error?.code == .version)
    }

    @Test("the secret is in no description and no dump")
    func descriptions() throws {
        let token = try Self.token()
        var dumped = "\(token) \(String(reflecting: token))"
        dump(token, to: &dumped)
        #expect(!dumped.contains(token.secretText))
        #expect(!dumped.contains("\(token.secret[0]), \(token.secret[1])"))
        #expect(dumped.contains(token.id))
    }

    @Test("wrong numbers of bytes make no token")
    func wrongCounts() {
        #expect(throws: TokenError.self) { try PeerToken.make(randomBytes: [1], authorityPin: Self.pin) }
        #expect(throws: TokenError.self) {
            try PeerToken.make(randomBytes: [UInt8](repeating: 0, count: PeerToken.randomByteCount), authorityPin: [])
        }
    }
}
