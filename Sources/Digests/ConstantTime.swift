import COpenSSL

/// Whether two byte strings are equal, in a time that depends on their lengths only.
///
/// The lengths themselves are not secret: strings of different length are unequal at once.
public func constantTimeEquals(_ first: some Collection<UInt8>, _ second: some Collection<UInt8>) -> Bool {
    withContiguousBytes(first) { one in
        withContiguousBytes(second) { other in
            guard one.count == other.count else { return false }
            guard !one.isEmpty else { return true }
            return CRYPTO_memcmp(one.baseAddress, other.baseAddress, one.count) == 0
        }
    }
}
