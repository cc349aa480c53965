import Testing

@testable import Digests

@Suite struct ConstantTimeTests {
    @Test("equal bytes are equal, whatever holds them")
    func equal() {
        #expect(constantTimeEquals([], []))
        #expect(constantTimeEquals([1, 2, 3], [0, 1, 2, 3].dropFirst()))
        #expect(constantTimeEquals(Array("token".utf8), "token".utf8))
    }

    @Test("a difference at any place is found")
    func different() {
        let bytes = [UInt8](repeating: 7, count: 32)
        for index in bytes.indices {
            var other = bytes
            other[index] ^= 1
            #expect(!constantTimeEquals(bytes, other))
        }
    }

    @Test("a prefix is not equal")
    func prefix() {
        #expect(!constantTimeEquals([1, 2, 3], [1, 2]))
        #expect(!constantTimeEquals([], [0]))
    }
}
