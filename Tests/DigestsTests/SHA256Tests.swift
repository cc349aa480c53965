import Testing

@testable import Digests

@Suite struct SHA256Tests {
    @Test(
        "SHA-256 gives the digests that FIPS 180-4 publishes",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ])
    func knownDigests(text: String, digest: String) {
        #expect(Hex.encode(SHA256.hash(text.utf8)) == digest)
    }

    @Test("a hash of parts is the hash of the whole, wherever it is split")
    func parts() {
        let bytes = (0..<200).map { UInt8($0) }
        let whole = SHA256.hash(bytes)
        for split in 0...bytes.count {
            var hash = SHA256()
            hash.update(bytes[..<split])
            hash.update(bytes[split...])
            #expect(hash.finalize() == whole)
        }
    }

    @Test("a sequence without contiguous storage hashes like an array")
    func lazySequence() {
        #expect(SHA256.hash((0..<100).lazy.map { UInt8($0) }) == SHA256.hash((0..<100).map { UInt8($0) }))
    }
}
