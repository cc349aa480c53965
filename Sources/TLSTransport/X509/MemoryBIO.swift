import COpenSSL

/// A growing or read-only buffer in OpenSSL's form, for PEM and DER text.
struct MemoryBIO: ~Copyable {
    let pointer: OpaquePointer

    /// A buffer holding a copy of `bytes`; empty to write into.
    init(_ bytes: [UInt8] = []) throws(TLSError) {
        guard let pointer = BIO_new(BIO_s_mem()) else { throw OpenSSLErrors.unexpected("make a memory buffer") }
        guard let count = Int32(exactly: bytes.count), count == 0 || BIO_write(pointer, bytes, count) == count else {
            BIO_free(pointer)
            throw TLSError(.invalidInput, "\(bytes.count) bytes are too many for a key or certificate")
        }
        self.pointer = pointer
    }

    deinit { BIO_free(pointer) }

    /// Takes out everything that was written.
    func drain() -> [UInt8] {
        let pending = BIO_ctrl_pending(pointer)
        guard pending > 0, let count = Int32(exactly: pending) else { return [] }
        return [UInt8](unsafeUninitializedCapacity: pending) { buffer, initialized in
            initialized = max(0, Int(BIO_read(pointer, buffer.baseAddress, count)))
        }
    }

    /// Takes out everything that was written, as text.
    func drainText() -> String { String(decoding: drain(), as: UTF8.self) }
}
