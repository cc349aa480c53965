import COpenSSL

/// HMAC with SHA-256 (RFC 2104) by libcrypto.
public enum HMACSHA256 {
    /// The authentication code of `message` under `key`, 32 bytes long. Any key length is allowed, the empty one too.
    public static func authenticationCode(for message: some Sequence<UInt8>, key: some Sequence<UInt8>) -> [UInt8] {
        withContiguousBytes(key) { keyBytes in
            withContiguousBytes(message) { messageBytes in
                [UInt8](unsafeUninitializedCapacity: SHA256.byteCount) { code, count in
                    var written: UInt32 = 0
                    let made = HMAC(
                        EVP_sha256(), keyBytes.baseAddress, Int32(keyBytes.count),
                        messageBytes.baseAddress, messageBytes.count, code.baseAddress, &written
                    )
                    precondition(made != nil && written == UInt32(SHA256.byteCount), "libcrypto could not make an HMAC")
                    count = SHA256.byteCount
                }
            }
        }
    }

    /// Whether `code` is the authentication code of `message` under `key`; the comparison takes constant time.
    public static func isValid(
        _ code: some Collection<UInt8>, for message: some Sequence<UInt8>, key: some Sequence<UInt8>
    ) -> Bool {
        constantTimeEquals(code, authenticationCode(for: message, key: key))
    }
}
