import COpenSSL

/// Owns one reference to an `EVP_PKEY`.
///
/// `@unchecked Sendable`: the key is never changed after it was made, and OpenSSL counts references atomically.
final class KeyHandle: @unchecked Sendable {
    let pointer: OpaquePointer

    /// Takes over the caller's reference.
    init(owning pointer: OpaquePointer) { self.pointer = pointer }

    deinit { EVP_PKEY_free(pointer) }
}
