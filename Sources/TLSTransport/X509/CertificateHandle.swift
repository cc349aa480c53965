import COpenSSL

/// Owns one reference to an `X509`.
///
/// `@unchecked Sendable`: the certificate is never changed after it was made; OpenSSL counts references atomically and
/// locks the extensions that it caches.
final class CertificateHandle: @unchecked Sendable {
    let pointer: OpaquePointer

    /// Takes over the caller's reference.
    init(owning pointer: OpaquePointer) { self.pointer = pointer }

    deinit { X509_free(pointer) }
}
