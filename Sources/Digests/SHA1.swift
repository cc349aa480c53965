import COpenSSL

/// SHA-1 (FIPS 180-4) by libcrypto, for protocols that prescribe it as a checksum, as WebSocket's handshake does. It
/// protects nothing.
public enum SHA1 {
    /// The digest of `bytes`, 20 bytes long.
    public static func hash(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        withContiguousBytes(bytes) { raw in
            [UInt8](unsafeUninitializedCapacity: 20) { digest, count in
                var written: UInt32 = 0
                let isDone = EVP_Digest(raw.baseAddress, raw.count, digest.baseAddress, &written, EVP_sha1(), nil)
                precondition(isDone == 1 && written == 20, "libcrypto could not compute SHA-1")
                count = 20
            }
        }
    }
}
