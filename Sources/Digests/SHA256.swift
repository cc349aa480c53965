import COpenSSL

/// SHA-256 (FIPS 180-4) by libcrypto, in one call or in parts.
///
/// A value holds the state of one running hash; it is used by one task at a time and consumed by ``finalize()``.
public struct SHA256: ~Copyable {
    /// The length of a digest, in bytes.
    public static let byteCount = 32

    private let context: OpaquePointer

    /// Starts a hash of nothing yet.
    public init() {
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            preconditionFailure("libcrypto could not start SHA-256: out of memory, or a provider without it")
        }
        self.context = context
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    /// Adds bytes to the hash. Any split of the same bytes gives the same digest.
    public mutating func update(_ bytes: some Sequence<UInt8>) {
        withContiguousBytes(bytes) { raw in
            let updated = EVP_DigestUpdate(context, raw.baseAddress, raw.count)
            precondition(updated == 1, "libcrypto could not continue SHA-256")
        }
    }

    /// Ends the hash and returns its 32 bytes.
    public consuming func finalize() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Self.byteCount) { digest, count in
            var written: UInt32 = 0
            let finished = EVP_DigestFinal_ex(context, digest.baseAddress, &written)
            precondition(finished == 1 && written == UInt32(Self.byteCount), "libcrypto could not end SHA-256")
            count = Self.byteCount
        }
    }

    /// The digest of `bytes`, 32 bytes long.
    public static func hash(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        var hash = SHA256()
        hash.update(bytes)
        return hash.finalize()
    }
}
