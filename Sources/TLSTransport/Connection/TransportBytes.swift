import COpenSSL
import COpenSSLShims
import NIOCore

/// The two byte queues between OpenSSL and the channel, seen by OpenSSL as a BIO.
///
/// Bound to one event loop by its owner ``TLSEngine``. The BIO holds an unretained pointer to it.
final class TransportBytes {
    /// Bytes from the peer that OpenSSL has not taken yet.
    private(set) var inbound = ByteBuffer()

    /// Bytes of OpenSSL for the peer.
    private var outbound = ByteBuffer()

    /// Adds bytes from the peer.
    func receive(_ buffer: ByteBuffer) {
        if inbound.readableBytes == 0 {
            inbound = buffer
        } else {
            inbound.writeImmutableBuffer(buffer)
        }
    }

    /// Takes what is to be sent to the peer; nil when there is nothing.
    func takeOutbound() -> ByteBuffer? {
        guard outbound.readableBytes > 0 else { return nil }
        defer { outbound = ByteBuffer() }
        return outbound
    }

    /// Makes room for a message that is about to be encrypted, so that the queue grows once.
    func reserve(_ plaintextCount: Int) {
        // Per record of 16 KiB, at most: a header of 5 bytes, a nonce of 8, a type of 1 and 16 to authenticate; rounded up.
        outbound.reserveCapacity(minimumWritableBytes: plaintextCount + (plaintextCount / 16384 + 1) * 64)
    }

    fileprivate func read(into destination: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(destination.count, inbound.readableBytes)
        guard count > 0 else { return 0 }
        inbound.readWithUnsafeReadableBytes { source in
            destination.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[..<count]))
            return count
        }
        if inbound.readableBytes == 0 { inbound = ByteBuffer() }
        return count
    }

    fileprivate func write(_ source: UnsafeRawBufferPointer) {
        outbound.writeBytes(source)
    }
}

extension TransportBytes {
    /// Makes a BIO over these queues, with one reference that the caller owns.
    func makeBIO() throws(TLSError) -> OpaquePointer {
        guard let method = Self.method.pointer, let bio = BIO_new(method) else {
            throw OpenSSLErrors.unexpected("make a transport")
        }
        BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
        return bio
    }

    /// Cuts a BIO from its queues: whatever still calls it finds nothing.
    static func detach(_ bio: OpaquePointer) {
        BIO_set_data(bio, nil)
    }

    private static func queues(of bio: OpaquePointer?) -> TransportBytes? {
        guard let bio, let data = BIO_get_data(bio) else { return nil }
        return Unmanaged<TransportBytes>.fromOpaque(data).takeUnretainedValue()
    }

    /// The table of functions that OpenSSL calls, made once and never freed.
    ///
    /// `@unchecked Sendable`: it is complete before anyone sees it, and OpenSSL only reads it.
    private struct Method: @unchecked Sendable {
        let pointer: OpaquePointer?
    }

    private static let method = Method(pointer: makeMethod())

    private static func makeMethod() -> OpaquePointer? {
        let type = BIO_get_new_index()
        guard type != -1, let method = BIO_meth_new(type | BIO_TYPE_SOURCE_SINK, "causeway transport") else {
            return nil
        }
        BIO_meth_set_create(method) { bio in
            BIO_set_init(bio, 1)
            return 1
        }
        BIO_meth_set_destroy(method) { bio in
            guard let bio else { return 0 }
            BIO_set_data(bio, nil)
            return 1
        }
        BIO_meth_set_read_ex(method) { bio, destination, capacity, count in
            causeway_bio_clear_retry(bio)
            guard let queues = TransportBytes.queues(of: bio), let destination, let count else { return 0 }
            count.pointee = queues.read(into: UnsafeMutableRawBufferPointer(start: destination, count: capacity))
            guard count.pointee > 0 else {
                causeway_bio_set_retry_read(bio)
                return 0
            }
            return 1
        }
        BIO_meth_set_write_ex(method) { bio, source, length, count in
            causeway_bio_clear_retry(bio)
            guard let queues = TransportBytes.queues(of: bio), let source, let count else { return 0 }
            queues.write(UnsafeRawBufferPointer(start: source, count: length))
            count.pointee = length
            return 1
        }
        BIO_meth_set_ctrl(method) { bio, command, _, _ in
            switch command {
            // OpenSSL flushes after each flight; the handler sends when the call returns.
            case BIO_CTRL_FLUSH: 1
            case BIO_CTRL_PENDING: TransportBytes.queues(of: bio)?.inbound.readableBytes ?? 0
            default: 0
            }
        }
        return method
    }
}
