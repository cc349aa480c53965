import COpenSSL

/// Bytes from libcrypto's cryptographic random number generator, which the kernel seeds.
public enum RandomBytes {
    /// Returns `count` random bytes fit for keys and tokens; an empty array when `count` is zero or less.
    ///
    /// - Throws: ``RandomSourceError`` when the generator cannot be seeded; there is no weaker fallback.
    public static func generate(count: Int) throws(RandomSourceError) -> [UInt8] {
        guard count > 0 else { return [] }
        guard let length = Int32(exactly: count) else { throw RandomSourceError(requested: count) }
        var bytes = [UInt8](repeating: 0, count: count)
        guard RAND_bytes(&bytes, length) == 1 else { throw RandomSourceError(requested: count) }
        return bytes
    }
}
